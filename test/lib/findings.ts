import assert from "node:assert/strict";

/** Faults that a checker found, one sentence each, with the kind, name and path of the object. */
export type Findings = readonly string[];

/** Fails if there are findings, and prints each on its own line. */
export function none(findings: Findings, about = "found"): void {
  assert.ok(findings.length === 0, `${about} ${findings.length}:\n  ${findings.join("\n  ")}`);
}

/** Fails unless a finding matches. Tests use it to show that a checker can fail. */
export function says(findings: Findings, expected: RegExp): void {
  const list = findings.length > 0 ? findings.join("\n  ") : "(nothing)";
  assert.ok(
    findings.some((finding) => expected.test(finding)),
    `expected a finding like ${expected}, but the checker says:\n  ${list}`,
  );
}
