import assert from "node:assert/strict";
import { test } from "node:test";
import { keep, parse } from "../../../proctor_sfu/web/src/lib/link";

test("a token", () => {
  assert.deepEqual(parse("#token=abc.def-ghi_jkl", "candidate"), { kind: "token", token: "abc.def-ghi_jkl" });
});

test("an open room, with the role of the page unless the link says another", () => {
  const open = { kind: "open", roomId: "exam-1", peerId: "pam", role: "proctor", displayName: "Pam Müller" };
  assert.deepEqual(parse("#room=exam-1&peer=pam&name=Pam%20M%C3%BCller", "proctor"), open);
  assert.deepEqual(parse("#room=exam-1&peer=pam&role=lead", "proctor"), { ...open, role: "lead", displayName: "pam" });
});

test("a fragment that is no login", () => {
  for (const fragment of ["", "#", "#room=exam-1", "#peer=ann", "#token=", "#main", "#%"]) {
    assert.equal(parse(fragment, "candidate"), null);
  }
});

test("what is kept for a reload is read back", () => {
  for (const fragment of ["#token=a+b/c==", "#room=r&peer=p&role=lead&name=%26%3D%23"]) {
    const login = parse(fragment, "proctor");
    assert.ok(login);
    assert.deepEqual(parse(keep(login), "candidate"), login);
  }
});
