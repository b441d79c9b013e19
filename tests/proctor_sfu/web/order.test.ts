import assert from "node:assert/strict";
import { test } from "node:test";
import { BETTER_AFTER, type Light, Order, WORSE_AFTER } from "../../../proctor_sfu/web/src/lib/order";

const room = (lights: Record<string, Light>) =>
  Object.entries(lights).map(([id, light]) => ({ id, name: id.toUpperCase(), light }));

test("worst first, then by name with numbers as numbers", () => {
  const order = new Order();
  const ids = order.update(room({ seat10: "green", seat9: "green", cy: "grey", bo: "red", al: "amber" }), 0);
  assert.deepEqual(ids, ["bo", "al", "seat9", "seat10", "cy"]);
});

test("a moment of trouble moves nobody", () => {
  const order = new Order();
  const calm = order.update(room({ al: "green", bo: "green" }), 0);
  assert.equal(order.update(room({ al: "green", bo: "red" }), 1000), calm);
  assert.equal(order.due, 1000 + WORSE_AFTER);
  assert.equal(order.update(room({ al: "green", bo: "green" }), 2000), calm);
  assert.equal(order.due, null);
});

test("trouble that lasts moves up, and back down only after it has been well for long", () => {
  const order = new Order();
  order.update(room({ al: "green", bo: "green" }), 0);
  order.update(room({ al: "green", bo: "red" }), 1000);
  assert.deepEqual(order.update(room({ al: "green", bo: "red" }), 1000 + WORSE_AFTER), ["bo", "al"]);
  order.update(room({ al: "green", bo: "green" }), 10_000);
  assert.deepEqual(order.update(room({ al: "green", bo: "green" }), 10_000 + BETTER_AFTER - 1), ["bo", "al"]);
  assert.deepEqual(order.update(room({ al: "green", bo: "green" }), 10_000 + BETTER_AFTER), ["al", "bo"]);
});

test("within the troubled nobody jumps ahead of who is there already", () => {
  const order = new Order();
  order.update(room({ al: "green", bo: "red", cy: "green" }), 0);
  const now = room({ al: "red", bo: "red", cy: "green" });
  order.update(now, 1);
  assert.deepEqual(order.update(now, 1 + WORSE_AFTER), ["bo", "al", "cy"]);
});

test("while it is held tiles stay where they are, come last or go", () => {
  const order = new Order();
  order.update(room({ al: "green", bo: "green", cy: "green" }), 0);
  const now = room({ al: "green", cy: "red", aa: "red" });
  order.update(now, 1, true);
  assert.deepEqual(order.update(now, 1 + WORSE_AFTER, true), ["al", "cy", "aa"]);
  assert.equal(order.due, null);
  assert.deepEqual(order.update(now, 2 + WORSE_AFTER), ["aa", "cy", "al"]);
});

test("the same array comes back as long as nothing moved", () => {
  const order = new Order();
  const everybody = Object.fromEntries(Array.from({ length: 300 }, (_, seat) => [`seat${seat}`, "green" as Light]));
  const ids = order.update(room(everybody), 0);
  assert.equal(order.update(room({ ...everybody, seat7: "amber" }), 10), ids);
});
