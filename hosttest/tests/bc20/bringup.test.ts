import test from "ava";
import { Rig } from "./rig.js";

for (const profile of ["A", "B"] as const) {
	test.serial(`profile ${profile}: cold boot with banner`, async t => {
		const rig = await Rig.for(t, { simulator: { profile, seed: 3 } });
		const modem = rig.start();
		t.is(modem.connection, 0, "nothing from inside the constructor");
		await rig.up();
		await rig.quiet();
		t.deepEqual(rig.connections, [100, 200, 300, 500]);
		t.deepEqual(modem.identification, {
			manufacturer: "Quectel_Ltd",
			model: "Quectel_BC20",
			revision: "BC20NBR01A01",
			imei: "490154203237511",
		});
		t.is(modem.address, "10.170.235.216");
		t.is(modem.registration, 1);
		t.is(modem.restarts, 0);
		t.true(Number(modem.signal) >= -113 && Number(modem.signal) <= -51);
		t.true(Number(modem.voltage) > 3.3 && Number(modem.voltage) < 3.4);
		t.deepEqual(rig.errors, []);
		for (const command of ["ATE0", "AT+CMEE=1", "AT+QSCLK=0", "AT+CPSMS=0", "AT+CEDRXS=0"])
			t.is(rig.count(command), 1, command);
	});

	test.serial(`profile ${profile}: already on, and asleep`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile, start: "on" } });
		t.is(rig.modem.connection, 500);
		t.deepEqual(rig.errors, []);
		t.true(rig.clock.now < 2000);
	});
}

for (const [title, settings] of [
	["echo off", ["ATE0"]],
	["echo on and errors as text", ["AT+CMEE=2"]],
	["echo off and errors as text", ["ATE0", "AT+CMEE=2"]],
	["deep sleep, power saving", ["AT+QSCLK=1", "AT+CPSMS=1"]],
	["a half-typed command", ["AT+CM"]],
] as const)
	test.serial(`already on: ${title}`, async t => {
		const rig = await Rig.for(t, { simulator: { start: "on" } });
		rig.sim.open(115_200, () => undefined);
		for (const setting of settings) {
			rig.sim.write(Buffer.from(setting + (setting === "AT+CM" ? "" : "\r")));
			await rig.clock.advance(100);
		}
		rig.sim.close();
		rig.start();
		await rig.up();
		t.deepEqual(rig.errors, []);
		t.is(rig.modem.statistics?.timeouts, 0);
	});

test.serial("left in data mode by an earlier run: the message is given up, not sent", async t => {
	const rig = await Rig.for(t, { simulator: { start: "on" } });
	const published: string[] = [];
	rig.broker.on("publish", (packet, client) => client && published.push(packet.topic));
	rig.sim.open(115_200, () => undefined);
	for (const command of [
		"ATE0",
		"AT+QSCLK=0",
		'AT+QMTOPEN=2,"broker.test",1883',
		'AT+QMTCONN=2,"earlier"',
		'AT+QMTPUB=2,1,1,0,"t"',
	]) {
		rig.sim.write(Buffer.from(`${command}\r`));
		await rig.clock.advance(1000);
	}
	rig.sim.write(Buffer.from("half a mess"));
	rig.sim.close();
	t.is(rig.sim.sessions[2].state, "connected");
	rig.start();
	await rig.up();
	t.deepEqual(rig.errors, []);
	t.is(rig.count("AT+QMTCLOSE=2"), 1);
	t.is(rig.sim.sessions[2].state, "closed");
	t.deepEqual(published, []);
});

test.serial("identifiers left open by an earlier run are closed before any is given out", async t => {
	const rig = await Rig.for(t, { simulator: { start: "on" } });
	rig.sim.open(115_200, () => undefined);
	for (const id of [0, 3, 5]) {
		rig.sim.write(Buffer.from(`AT+QMTOPEN=${id},"broker.test",1883\r`));
		await rig.clock.advance(1000);
	}
	rig.sim.close();
	t.is(rig.sim.sessions[0].state, "open");
	const modem = rig.start();
	const states: string[] = [];
	modem.identifiers.acquire({
		wish: undefined,
		onAcquired: () => states.push(...rig.sim.sessions.map(session => session.state)),
		onStatus: () => t.fail(),
		onReceived: () => t.fail(),
		onLost: () => undefined,
	});
	await rig.up();
	await rig.clock.advance(10);
	t.deepEqual(states, Array.from({ length: 6 }).fill("closed"));
	t.deepEqual(
		rig.line.commands.filter(command => command.includes("QMTCLOSE")),
		["AT+QMTCLOSE=0", "AT+QMTCLOSE=3", "AT+QMTCLOSE=5"],
	);
});

for (const drops of [0, 1, 3, 8])
	test.serial(`auto-baud drops ${drops} AT`, async t => {
		const rig = await Rig.ready(t, { simulator: { variants: { autoBaudDrops: [drops, drops] } } });
		t.deepEqual(rig.errors, []);
	});

test.serial("another baud rate: the banner is noise", async t => {
	const rig = await Rig.for(t);
	rig.start({ serial: { ...(await import("./rig.js")).SERIAL, baud: 9600 } });
	await rig.up();
	t.deepEqual(rig.errors, []);
	t.is(rig.modem.identification?.revision, "BC20NBR01A01");
});

test.serial("no SIM: a named error, tried again with backoff, well once it is inserted", async t => {
	const rig = await Rig.for(t, { simulator: { radio: { sim: false } } });
	rig.start();
	await rig.clock.run(() => rig.errors.length === 3, 120_000);
	t.deepEqual(rig.errorNames, ["SimError", "SimError", "SimError"]);
	t.regex(rig.errors[0].message, /USIM not inserted/);
	t.true(rig.hasRetries(1000, 2000, 4000), rig.retries.join());
	rig.sim.radio({ sim: true });
	await rig.up();
	t.is(rig.errors.length, 3);
});

test.serial("a SIM that is locked is named", async t => {
	const rig = await Rig.for(t);
	rig.line.answer(/^AT\+CPIN\?$/, "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n");
	rig.start();
	await rig.clock.run(() => rig.errors.length > 0, 60_000);
	t.regex(rig.errors[0].message, /SIM PIN/);
});

for (const [title, radio, code] of [
	["no coverage", { coverage: false }, 2],
	["denied", { denied: true }, 3],
] as const)
	test.serial(
		`${title}: told after the budget and each budget more, then it connects all the same`,
		async t => {
			const rig = await Rig.for(t, { simulator: { radio }, modem: { registrationTimeoutMs: 30_000 } });
			rig.start();
			await rig.clock.run(() => rig.errors.length === 3, 200_000);
			t.true(rig.clock.now > 90_000 && rig.clock.now < 100_000, String(rig.clock.now));
			t.deepEqual(rig.errorNames, ["RegistrationError", "RegistrationError", "RegistrationError"]);
			t.is((rig.errors[0] as { code?: number }).code, code);
			t.deepEqual(rig.retries, [undefined, undefined, undefined]);
			t.is(rig.modem.connection, 300);
			rig.sim.radio({ coverage: true, denied: false });
			await rig.up(10_000);
			t.is(rig.modem.restarts, 0);
		},
	);

test.serial("a long search is told after 180 s", async t => {
	const rig = await Rig.for(t, { simulator: { radio: { searchMs: [250_000, 250_000] } } });
	rig.start();
	await rig.up(300_000);
	t.deepEqual(rig.errorNames, ["RegistrationError"]);
	t.regex(rig.errors[0].message, /no network after 18[01] s: searching \(2\)/);
});

test.serial("roaming is registered", async t => {
	const rig = await Rig.ready(t, { simulator: { radio: { roaming: true } } });
	t.is(rig.modem.registration, 5);
});

test.serial("a module that was told to detach attaches again", async t => {
	const rig = await Rig.for(t, { simulator: { start: "on" } });
	rig.sim.open(115_200, () => undefined);
	rig.sim.write(Buffer.from("AT+CGATT=0\r"));
	await rig.clock.advance(1000);
	rig.sim.close();
	t.is(rig.sim.registration.stat, 0);
	rig.start();
	await rig.up(30_000);
	t.is(rig.count("AT+CGATT=1"), 1);
	t.true(rig.sim.registration.attached);
});

test.serial("registered but not attached: attaches", async t => {
	const rig = await Rig.for(t);
	rig.line.answer(/^AT\+CGATT\?$/, "\r\n+CGATT: 0\r\n\r\nOK\r\n");
	rig.start();
	await rig.up();
	t.is(rig.count("AT+CGATT=1"), 1);
});

test.serial("radio off: switched on", async t => {
	const rig = await Rig.for(t, { simulator: { start: "on" } });
	rig.sim.open(115_200, () => undefined);
	rig.sim.write(Buffer.from("AT+CFUN=0\r"));
	await rig.clock.advance(1000);
	rig.sim.close();
	rig.start();
	await rig.up(30_000);
	t.is(rig.count("AT+CFUN=1"), 1);
});

test.serial("another APN: set, one restart, then up", async t => {
	const rig = await Rig.for(t, { modem: { apn: "iot.test" } });
	rig.start();
	await rig.up();
	t.deepEqual(rig.errorNames, ["ModemResetError"]);
	t.regex(rig.errors[0].message, /APN/);
	t.is(rig.count('AT+QCGDEFCONT="IP","iot.test"'), 1);
	t.is(rig.count("AT+QRST=1"), 1);
	await rig.clock.advance(60_000);
	t.is(rig.modem.restarts, 1);
	t.is(rig.modem.connection, 500);
});

test.serial("the APN that the module has, in other letters: no restart", async t => {
	const rig = await Rig.ready(t, { modem: { apn: "cmnet" } });
	t.is(rig.count("AT+QRST=1"), 0);
	t.deepEqual(rig.errors, []);
});

test.serial("an APN that the module does not take: no loop of restarts", async t => {
	const rig = await Rig.for(t, { modem: { apn: "iot.test" } });
	rig.line.answer(/QCGDEFCONT=/, "\r\nOK\r\n");
	rig.start();
	await rig.up();
	await rig.clock.advance(120_000);
	t.is(rig.count("AT+QRST=1"), 1);
	t.is(rig.modem.restarts, 1);
});

test.serial("an APN that the module refuses is told, and it goes on with its own", async t => {
	const rig = await Rig.for(t, { modem: { apn: "iot.test" } });
	rig.line.answer(/QCGDEFCONT=/, "\r\n+CME ERROR: 50\r\n");
	rig.start();
	await rig.up();
	t.deepEqual(rig.errorNames, ["CommandError"]);
	t.is(rig.count("AT+QRST=1"), 0);
});

test.serial("firmware without sleep and power saving; answers without blanks; quoted IMEI", async t => {
	const rig = await Rig.for(t, {
		simulator: { start: "on", variants: { spaceAfterColon: false, imeiQuotes: true } },
	});
	for (const command of [/QSCLK/, /CPSMS/, /CEDRXS/, /QMTOPEN\?/, /CGPADDR/])
		rig.line.answer(command, "\r\nERROR\r\n");
	rig.start();
	await rig.up();
	t.deepEqual(rig.errors, []);
	t.is(rig.modem.identification?.imei, "490154203237511");
	t.is(rig.modem.address, undefined);
});

test.serial("URCs between any two lines of bring-up change nothing", async t => {
	const rig = await Rig.for(t, { simulator: { start: "on" } });
	rig.line.answer(
		/^ATI$/,
		'\r\n+IP: 1.2.3.4\r\n\r\nQuectel_Ltd\r\n\r\n+CSCON: 1\r\n\r\nQuectel_BC20\r\nRevision: BC20NBR01A02\r\n\r\n+CTZV: "+32"\r\n\r\nOK\r\n',
	);
	rig.line.answer(
		/^AT\+CGSN=1$/,
		"\r\n+CSCON: 0\r\n\r\n+CGSN: 490154203237511\r\n\r\n+CEREG: 1\r\n\r\nOK\r\n",
	);
	rig.line.answer(/^AT\+CEREG\?$/, '\r\n+CEREG: 1,"69C9","06923252",9\r\n\r\n+CEREG: 1,1\r\n\r\nOK\r\n');
	rig.start();
	await rig.up();
	t.deepEqual(rig.modem.identification, {
		manufacturer: "Quectel_Ltd",
		model: "Quectel_BC20",
		revision: "BC20NBR01A02",
		imei: "490154203237511",
	});
	t.deepEqual(rig.errors, []);
});
