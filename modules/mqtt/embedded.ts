// The class under the name that the Moddable SDK gives it, `embedded:network/mqtt/client`. A relative import would be resolved against
// that name on the chip, so this one is by the module's own.
export { default } from "mqtt/client";
