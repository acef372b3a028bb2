/** By the digits behind the point: to make one takes longer than to use it. */
const formats = Array.from(
  { length: 7 },
  (_, maximumFractionDigits) => new Intl.NumberFormat("en-US", { maximumFractionDigits }),
);

/** A number with three or four figures that matter, thousands set apart. */
export function plain(value: number): string {
  const digits =
    value >= 100 || value === 0 ? 0 : Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return (formats[digits] as Intl.NumberFormat).format(value);
}

/** Bytes given in GB, in the unit that reads best. */
export function bytes(gigabytes: number): string {
  if (!Number.isFinite(gigabytes)) return "without end";
  if (gigabytes >= 1e6) return `${plain(gigabytes / 1e6)} PB`;
  return gigabytes >= 1e3 ? `${plain(gigabytes / 1e3)} TB` : `${plain(gigabytes)} GB`;
}

const steps = { cpu: 50, memory: 64, disk: 5 } as const;
const up = (value: number, step: number): number => Math.ceil(Number((value / step).toFixed(6))) * step;

/** Cores as a quantity, up to the next 50m. */
export function cpuQuantity(cores: number): string {
  const millicores = up(cores * 1e3, steps.cpu);
  return millicores % 1e3 === 0 ? String(millicores / 1e3) : `${millicores}m`;
}

/** Gi as a quantity, up to the next 64Mi. */
export function memoryQuantity(gibibytes: number): string {
  const mebibytes = up(gibibytes * 1024, steps.memory);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

/** Gi as a volume's size, up to the next 5Gi. */
export const diskQuantity = (gibibytes: number): string => `${up(gibibytes, steps.disk)}Gi`;

/** The rounding, for those who read the result. */
export const rounding = `CPU up to the next ${steps.cpu}m, memory to ${steps.memory}Mi, disks to ${steps.disk}Gi; never less than the mode has`;
