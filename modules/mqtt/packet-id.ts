/** Packet identifiers are 1 to 65535 (MQTT 3.1.1, 2.3.1). */
const HIGHEST = 65535;

/** The msgID for a consumer's identifier: some count on without end (the SDK's `mqtt/js`). */
export function msgIdOf(id: number): number {
	return ((id + HIGHEST - 1) % HIGHEST) + 1;
}

/** The identifier behind another. */
export function nextId(id: number): number {
	return (id % HIGHEST) + 1;
}
