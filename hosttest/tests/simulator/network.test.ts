import test from "ava";
import { Aedes } from "aedes";
import { createServer, type AddressInfo } from "node:net";
import { tcpNetwork, type CloseCause } from "../../simulator/network.js";
import { TraceText } from "../../simulator/trace-text.js";

/** Connects by TCP and tells how it went: "connect", or why not. */
const attempt = (host: string, port: number): Promise<"connect" | CloseCause> =>
	new Promise(resolve => {
		const connection = tcpNetwork().connect(host, port, {
			onConnect: () => {
				resolve("connect");
				connection.close();
			},
			onData: () => undefined,
			onClose: resolve,
		});
	});

test("TCP: connected, refused, no such name", async t => {
	const server = createServer(socket => socket.on("error", () => undefined).resume());
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	t.is(await attempt("127.0.0.1", port), "connect");
	await new Promise(resolve => server.close(resolve));
	t.is(await attempt("127.0.0.1", port), "refused");
	t.is(await attempt("no-such-host.invalid", port), "dns");
});

test("TCP: what the peer sends, its close, and a reset by this side", async t => {
	const seen: string[] = [];
	const server = createServer(socket => {
		socket.on("data", bytes => socket.end(`echo ${bytes.toString()}`));
		socket.on("error", error => seen.push((error as NodeJS.ErrnoException).code ?? ""));
		socket.on("close", () => seen.push("close"));
	});
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const heard: string[] = [];
	await new Promise<void>(resolve => {
		const connection = tcpNetwork().connect("127.0.0.1", port, {
			onConnect: () => connection.write(Buffer.from("hello")),
			onData: bytes => heard.push(Buffer.from(bytes).toString()),
			onClose: cause => {
				heard.push(cause);
				resolve();
			},
		});
	});
	t.deepEqual(heard, ["echo hello", "peer"]);
	const connection = tcpNetwork().connect("127.0.0.1", port, {
		onConnect: () => connection.abort(),
		onData: () => undefined,
		onClose: () => t.fail("told of its own abort"),
	});
	await new Promise<void>(resolve => {
		const look = (): unknown => (seen.includes("ECONNRESET") ? resolve() : setImmediate(look));
		look();
	});
	await new Promise(resolve => server.close(resolve));
	t.true(seen.includes("close"));
});

test("an MQTT CONNECT by real TCP reaches a broker", async t => {
	const broker = await Aedes.createBroker();
	const server = createServer(socket => broker.handle(socket));
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const reply = await new Promise<Uint8Array>(resolve => {
		const connection = tcpNetwork().connect("127.0.0.1", port, {
			onConnect: () => connection.write(Buffer.from("100d00044d5154540402001e000161", "hex")),
			onData: bytes => {
				resolve(bytes);
				connection.close();
			},
			onClose: () => undefined,
		});
	});
	t.is(reply[0], 0x20);
	await new Promise<void>(resolve => broker.close(resolve));
	await new Promise(resolve => server.close(resolve));
});

test("the trace has lines with time and direction, and no secrets", t => {
	const lines: string[] = [];
	const text = new TraceText(line => lines.push(line));
	const add = (direction: "toModem" | "toHost", ...pieces: string[]): void => {
		for (const piece of pieces) text.add({ timeMs: 1234.5, direction, bytes: Buffer.from(piece, "latin1") });
	};
	add("toModem", 'AT+QMTCONN=0,"me","us', 'er","hidden"\r\n', 'AT+QMTCFG="aliauth",0,"pk","dn","hidden"\r');
	add("toHost", "\r\nO", "K\r\n", '\r\n+QMTCFG: "aliauth","pk","dn","hidden"\r\n', "\r\n>", "\r\n\xff\r\n");
	t.deepEqual(lines, [
		'    1.234 > AT+QMTCONN=0,"me","user",***',
		'    1.234 > AT+QMTCFG="aliauth",0,"pk","dn",***',
		"    1.234 < OK",
		'    1.234 < +QMTCFG: "aliauth","pk","dn",***',
		"    1.234 < >",
		"    1.234 < \\xff",
	]);
});
