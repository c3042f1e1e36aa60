import { testOnXS } from "./engine.js";

await testOnXS("at");
