import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
	{ ignores: ["build/", "coverage/", "node_modules/"] },
	{
		files: ["**/*.ts"],
		extends: [js.configs.recommended, ...tseslint.configs.strictTypeChecked],
		languageOptions: { parserOptions: { project: ["./tsconfig.json", "./hosttest/tsconfig.json"] } },
		rules: {
			"@typescript-eslint/restrict-template-expressions": [
				"error",
				{ allowNumber: true, allowBoolean: true },
			],
			"@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
			"@typescript-eslint/no-extraneous-class": "off",
			"@typescript-eslint/prefer-literal-enum-member": "off",
			"@typescript-eslint/unified-signatures": "off",
			"no-control-regex": "off",
		},
	},
	{
		files: ["modules/**/*.ts", "main.ts"],
		rules: {
			"no-restricted-imports": ["error", { patterns: ["node:*", "**/hosttest/*"] }],
		},
	},
	{
		files: ["**/*.js"],
		extends: [js.configs.recommended],
		languageOptions: { globals: { URL: "readonly", process: "readonly", console: "readonly" } },
	},
);
