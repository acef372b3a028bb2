/**
 * Queries that may find nothing while a healthy stack is under the load of `make e2e`, by a part of their text or of their place, each
 * with the reason. Metrics of test/facts/unseen.ts need not be here.
 */
export const mayBeEmpty: readonly { readonly of: RegExp; readonly why: string }[] = [
  { of: /\bALERTS(?:_FOR_STATE)?\b/, why: "nothing fires" },
  { of: /kubernetes-pod: CPU C/, why: "no container of the stack has a limit of CPU" },
];
