// Each pair as a test for XS: it passes where t.deepEqual holds.
import test from "ava";
import { pairs } from "../pairs.js";

for (const [title, actual, expected] of pairs) test(title, t => void t.deepEqual(actual, expected));
