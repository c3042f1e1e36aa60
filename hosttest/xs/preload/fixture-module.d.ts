/** The module that `preloadedProgram` is asked for. */
declare module "fixture" {
	export default function run(): void;
}
