import test from "ava";
import { QueueFullError } from "../../../modules/at/errors.js";
import { RequestQueue } from "../../../modules/at/queue.js";
import { Request } from "../../../modules/at/request.js";
import { Command } from "./commands.js";

function requestOf(priority: number): Request {
	const request = new Request(Command.signal, "execute");
	request.priority = priority;
	return request;
}
const order = (queue: RequestQueue) => Array.from({ length: queue.length }, (_, index) => queue.at(index));

test("higher priority first, in order of arrival within one", t => {
	const queue = new RequestQueue(8);
	const [low, first, second, high, negative] = [-1, 0, 0, 5, -7].map(requestOf);
	for (const request of [low, first, negative, second, high]) queue.add(request);
	t.deepEqual(order(queue), [high, first, second, low, negative]);
});

test("a full queue refuses by name and takes nothing; not even with a higher priority", t => {
	const queue = new RequestQueue(2);
	const [one, two, three] = [0, 0, 9].map(requestOf);
	queue.add(one);
	queue.add(two);
	const error = t.throws(() => queue.add(three), { instanceOf: QueueFullError });
	t.is(error.name, "QueueFullError");
	t.is(error.message, "AT+CSQ: not taken: 2 commands are waiting already; try again when one has completed");
	t.deepEqual(order(queue), [one, two]);
	t.true(queue.remove(one));
	queue.add(three);
	t.deepEqual(order(queue), [three, two]);
	t.is(queue.highWater, 2);
});

test("takes a request out wherever it stands, once", t => {
	const queue = new RequestQueue(4);
	const requests = [0, 0, 0].map(requestOf);
	for (const request of requests) queue.add(request);
	t.true(queue.remove(requests[1]));
	t.false(queue.remove(requests[1]));
	t.deepEqual(order(queue), [requests[0], requests[2]]);
	t.is(queue.at(2), undefined);
	t.is(queue.highWater, 3);
});
