const trimmed = (value: number): string => String(Math.round(value * 100) / 100);

/** Sums in the units that manifests are written in. */
export const amounts = {
  cpu: (millicores: number): string => (millicores === 0 ? "0" : `${trimmed(millicores)}m`),
  memory: (mebibytes: number): string => {
    if (mebibytes === 0) return "0";
    return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${trimmed(mebibytes)}Mi`;
  },
} as const;
