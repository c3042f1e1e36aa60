// One small module, preloaded, and then run: an entry for `preloadedProgram`, which says which "fixture" is.
import "./load-time.js";
import run from "fixture";
import { freezePreloaded } from "./freeze.js";

const { writtenBuffers } = freezePreloaded();
Object.defineProperty(globalThis, "handleCommand", {
	value: () => {
		run();
		const written = writtenBuffers();
		if (written.length) throw new TypeError(`${written.join(", ")}: a buffer that was preloaded is written`);
	},
});
