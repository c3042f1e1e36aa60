/** Methods of strings, to be called as `indexOf.call(text, …)`: on XS a method call on a string itself makes garbage, two slots each. */
interface StringMethods {
	readonly indexOf: (this: string, text: string, from?: number) => number;
	readonly lastIndexOf: (this: string, text: string, from?: number) => number;
	readonly slice: (this: string, from?: number, to?: number) => string;
}

const methods = String.prototype as StringMethods;

export const indexOf = methods.indexOf;
export const lastIndexOf = methods.lastIndexOf;
export const slice = methods.slice;
