import type { Mode } from "../core/model/roles.ts";
import { gibibyte, quantity } from "../core/kubernetes/requests.ts";
import { driver, type DriverName, type Facts } from "./drivers.ts";
import { plain } from "./numbers.ts";
import { pages } from "./sources.ts";
import type { Explained } from "./workload.ts";

interface Bound {
  readonly of: DriverName;
  readonly most: number;
  readonly says: string;
}

/** What upstream says a mode is good for. */
const bounds: Readonly<Record<string, Partial<Readonly<Record<Mode, Bound>>>>> = {
  loki: {
    monolithic: { of: "logs", most: 0.02, says: `up to approximately 20 GB a day (${pages.lokiModes})` },
    scalable: { of: "logs", most: 1, says: `close to a TB a day (${pages.lokiModes})` },
  },
};

/** That a load is more than upstream says the mode of a component is good for. */
export function bound(component: string, mode: Mode, facts: Facts): readonly string[] {
  const found = bounds[component]?.[mode];
  if (!found) return [];
  const amount = driver(found.of).amount(facts, { copies: 1, zones: 1, retentionDays: 1 });
  return amount > found.most
    ? [`${component} in mode ${mode} is for ${found.says}, and this is ${plain(amount)} ${driver(found.of).unit}.`]
    : [];
}

/** What a node of an ordinary cluster still has room for: an assumption. */
const node = { cores: 16, gibibytes: 64 } as const;

/** That pods of a workload fit large nodes only, which is what becomes of work that cannot be shared. */
export const large = ({ workload, size: { cpu, memory } }: Explained): readonly string[] =>
  (quantity(cpu) ?? 0) > node.cores || (quantity(memory) ?? 0) > node.gibibytes * gibibyte
    ? [
        `Each pod of ${workload} asks for ${cpu} CPU and ${memory}, because its work is not shared: nodes must be that large.`,
      ]
    : [];
