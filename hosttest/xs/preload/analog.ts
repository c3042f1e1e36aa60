/** Module "embedded:io/analog": an input that nothing is wired to. */
export default class Analog {
	readonly resolution = 12;
	read(): undefined {
		return undefined;
	}
	close(): void {
		// holds nothing
	}
}
