// What the device provides: the types of the Moddable SDK, and what SDK 8.2 declares but its npm package 5.6.0 lacks.
/// <reference types="@moddable/typings/xs" />
/// <reference types="@moddable/typings/timer" />
/// <reference types="@moddable/typings/time" />
/// <reference types="@moddable/typings/mc/config" />
/// <reference types="@moddable/typings/embedded_io/_common" />
/// <reference types="@moddable/typings/embedded_io/analog" />
/// <reference types="@moddable/typings/embedded_io/digital" />
/// <reference types="@moddable/typings/embedded_io/serial" />

declare module "embedded:storage/flash" {
	export interface FlashStatus {
		size: number;
		blockLength: number;
		blocks: number;
	}
	export class Flash {
		private constructor();
		close(): void;
		eraseBlock(start: number, end?: number): void;
		read(byteLength: number, byteOffset: number): ArrayBuffer;
		read(buffer: ArrayBufferLike | ArrayBufferView, byteOffset: number): number;
		write(buffer: ArrayBufferLike | ArrayBufferView, byteOffset: number): void;
		status(): FlashStatus;
	}
	const FlashStorage: {
		open(options: { path: string; mode?: "r" | "r+" }): Flash;
	};
	export default FlashStorage;
}
