// The firmware on XS, preloaded: an entry for `preloadedProgram`. What the script of the world outside calls: preloadedWritten().
import "./load-time.js";
import "../shim/firmware.js";
import { freezePreloaded } from "./freeze.js";

const text = JSON.stringify;
const { writtenBuffers } = freezePreloaded();
Object.defineProperty(globalThis, "preloadedWritten", {
	value: () => ArrayBuffer.fromString(text(writtenBuffers())),
});
