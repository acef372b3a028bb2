const trimmed = (value: number): string => String(Math.round(value * 100) / 100);
const gibibyte = 1024;

/** Millicores, as manifests write them. */
export const cpuWords = (millicores: number): string => (millicores === 0 ? "0" : `${trimmed(millicores)}m`);

/** MiB, as manifests write them, in one unit for all of these amounts: Gi where all of them are whole. */
export function memoryWords(mebibytes: readonly number[]): readonly string[] {
  const whole = mebibytes.every((amount) => amount % gibibyte === 0);
  const one = (amount: number): string => (whole ? `${amount / gibibyte}Gi` : `${trimmed(amount)}Mi`);
  return mebibytes.map((amount) => (amount === 0 ? "0" : one(amount)));
}
