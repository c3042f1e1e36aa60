/** The README's examples by name: fenced JavaScript whose first line is the comment `// example: name`. */
export function examples(markdown: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const [, name, code] of markdown.matchAll(/^```js\n\/\/ example: (\S+)\n([^]*?)^```$/gm))
		found.set(name, code);
	return found;
}

/** Runs an example as a module of its own, as the firmware's would be. */
export function run(code: string): Promise<unknown> {
	return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
