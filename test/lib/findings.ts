import assert from "node:assert/strict";

/** What a checker has to say, one sentence a fault, each with the kind, name and path of its object. */
export type Findings = readonly string[];

/** Fails with every finding on a line of its own. */
export function none(findings: Findings, about = "found"): void {
  assert.ok(findings.length === 0, `${about} ${findings.length}:\n  ${findings.join("\n  ")}`);
}

/** Fails unless one of the findings says so: the proof that a checker can fail. */
export function says(findings: Findings, expected: RegExp): void {
  const list = findings.length > 0 ? findings.join("\n  ") : "(nothing)";
  assert.ok(
    findings.some((finding) => expected.test(finding)),
    `expected a finding like ${expected}, but the checker says:\n  ${list}`,
  );
}
