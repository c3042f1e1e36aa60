/** Module "embedded:io/digital": an output pin that nothing is wired to. */
export default class Digital {
	static readonly Output = 8;
	static readonly OutputOpenDrain = 9;
	write(): void {
		// nothing is there
	}
	close(): void {
		// holds nothing
	}
}
