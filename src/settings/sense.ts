import { isIP } from "node:net";
import type { Base, Bounds, Component, Overrides, Setting } from "../core/model/component.ts";
import { ownConnections } from "../core/model/bases.ts";
import { quantity } from "../core/kubernetes/requests.ts";
import type { Role, Tier } from "../core/model/roles.ts";
import { portOf, type Store } from "../core/model/store.ts";
import { isRole } from "../core/model/wiring.ts";
import { onlyTenant } from "../components/dskit.ts";
import { bytes, plain } from "../sizing/numbers.ts";
import { days, type Sizing } from "../sizing/sizing.ts";
import { bucketRules } from "../components/store.ts";
import { nearest } from "../core/util/nearest.ts";
import knownKeys from "./override-keys.json" with { type: "json" };
import { answersOf, type Environment, isTable, storeOf } from "./schema.ts";

/* Whether settings that are well formed each make sense together, given the bases that come of them. */

/** An environment as it is built. */
export interface Built {
  readonly environment: Environment;
  /** Every component, whether the environment has it or not. */
  readonly catalogue: readonly Component[];
  readonly bases: readonly Base[];
  /** For its load. */
  readonly sizing: Sizing;
}

export interface Finding {
  /** `refused` cannot work; `beware` works, and is hardly what somebody means. */
  readonly is: "refused" | "beware";
  readonly text: string;
}
const refused = (text: string): Finding => ({ is: "refused", text });
const beware = (text: string): Finding => ({ is: "beware", text });

const show = (value: string): string => JSON.stringify(value);

interface Said {
  readonly path: string;
  readonly base: Base;
  readonly key: string;
  readonly setting: Setting;
}
/** The settings of components that the environment says itself. */
const said = ({ environment, bases }: Built): readonly Said[] =>
  bases.flatMap((base) =>
    Object.keys(environment.components[base.component.name] ?? {}).flatMap((key) => {
      const setting = base.settings[key];
      return setting ? [{ path: `components.${base.component.name}.${key}`, base, key, setting }] : [];
    }),
  );

/** Components of which it says something, and which nobody here needs. */
const idle = ({ environment, catalogue, bases }: Built): readonly Finding[] => {
  const here = new Set(bases.map(({ component }) => component.name));
  const away = catalogue.filter(({ name }) => !here.has(name));
  const workloadsAway = (name: string): boolean =>
    away.some(({ name: one }) => name === one || name.startsWith(`${one}-`)) &&
    !bases.some(({ workloads }) => workloads.some(({ fullName }) => fullName === name));
  const isAway = (name: string): boolean => away.some((one) => one.name === name);
  const of = (setting: string, names: readonly string[], absent: (name: string) => boolean): readonly Finding[] =>
    names
      .filter(absent)
      .map((name) => refused(`${setting}.${name} has no effect: nothing here uses ${name}. Remove it.`));
  return [
    ...of("modes", Object.keys(environment.modes), isAway),
    ...of("volumes", Object.keys(environment.volumes), isAway),
    ...of("components", Object.keys(environment.components), isAway),
    ...of("replicas", Object.keys(environment.replicas), workloadsAway),
    ...of("egress", Object.keys(environment.egress), workloadsAway),
  ];
};

const podsOf = ({ bases }: Built, workload: string) =>
  bases.flatMap(({ pods }) => pods).find((one) => one.workload.fullName === workload);

/** Two of what would undo each other's work. */
const twins = (built: Built): readonly Finding[] =>
  Object.entries(built.environment.replicas).flatMap(([name, count]) => {
    const roles = podsOf(built, name)?.workload.roles ?? [];
    const alone = roles.filter(({ singleton }) => singleton === true);
    if (count < 2 || alone.length === 0) return [];
    const which = alone.map((role) => role.name).join(" and ");
    const whole = roles.length > 1 ? `, which runs in it. Choose a larger mode for ${roles[0]?.component ?? ""}` : "";
    return [
      refused(
        `replicas.${name} is ${count}: expected at most 1, because two would undo each other's work: ${which} of ${alone[0]?.component ?? ""}${whole}`,
      ),
    ];
  });

const missing: Readonly<Record<Tier, string>> = {
  write: "what is sent to it is refused or lost",
  read: "who asks it gets no answer",
  backend: "its work is left undone",
};
/** Workloads that are switched off. */
const off = (built: Built): readonly Finding[] =>
  Object.entries(built.environment.replicas).flatMap(([name, count]) => {
    const workload = podsOf(built, name)?.workload;
    if (count > 0 || !workload) return [];
    const tiers = [...new Set(workload.roles.map(({ tier }) => tier))];
    const scrapes = workload.roles.some(({ component }) =>
      built.bases.some(
        (base) => base.component.name === component && base.component.scrapeIntervalSeconds !== undefined,
      ),
    );
    const what = scrapes ? "no metrics are collected" : tiers.map((tier) => missing[tier]).join(", and ");
    return [beware(`replicas.${name} is 0: ${what} until there is a pod again`)];
  });

const answer = (environment: Environment, setting: "store" | "kafka" | "tenant"): string | undefined =>
  setting === "tenant" ? undefined : answersOf(environment)[setting];
const instead = { store: "store", kafka: "kafka: { address }", tenant: "tenant" } as const;

/** Settings of components that contradict what the environment says as a whole. */
const contradictions = (built: Built): readonly Finding[] =>
  said(built).flatMap(({ path, setting: { value, standard = value, follows } }) => {
    if (!follows || value === standard) return [];
    const given = answer(built.environment, follows.setting);
    if (given !== undefined && follows.unless?.includes(given)) return [];
    const why = given === undefined ? `${follows.setting} decides it` : `${follows.setting} is ${show(given)}`;
    return [
      refused(
        `${path} is ${show(value)}: expected ${show(standard)}, because ${why}. Say ${instead[follows.setting]} in its place.`,
      ),
    ];
  });

const hoursOf = (duration: string): number => days(duration) * 24;
const isZero = (duration: string): boolean => Number.parseInt(duration, 10) === 0;
/** Of durations in programs of Go, which count nanoseconds, no more than this is known to all. */
const longest = "100y";

function durationFindings(path: string, value: string, bounds: Bounds | undefined): readonly Finding[] {
  if (hoursOf(value) > hoursOf(longest) && !isZero(value))
    return [refused(`${path} is ${show(value)}: expected at most ${show(longest)}`)];
  if (!bounds) return [];
  const { least, usual, step, zero, because } = bounds;
  const is = `${path} is ${show(value)}`;
  if (isZero(value))
    return zero === "for ever"
      ? [beware(`${is}: that means for ever, and nothing is deleted`)]
      : zero === undefined
        ? []
        : [refused(`${is}: expected a duration above 0, because 0 means ${zero}`)];
  if (least !== undefined && hoursOf(value) < hoursOf(least))
    return [refused(`${is}: expected at least ${show(least)}: ${because}`)];
  if (usual !== undefined && hoursOf(value) < hoursOf(usual))
    return [beware(`${is}, less than ${show(usual)}: ${because}. "m" is minutes.`)];
  return step !== undefined && hoursOf(value) % hoursOf(step) !== 0
    ? [beware(`${is}, not a multiple of ${show(step)}: ${because}`)]
    : [];
}

const durations = (built: Built): readonly Finding[] =>
  said(built)
    .filter(({ setting }) => setting.unit === "duration")
    .flatMap(({ path, setting }) => durationFindings(path, setting.value, setting.bounds));

const within = (table: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    table,
  );

/** By component: the keys of a tenant's overrides that the pinned version knows, and those inside of each. */
const overrideKeys: Readonly<Record<string, unknown>> = knownKeys;

/** Keys that the program does not know. It then ignores all overrides, and does not start again (dskit/runtimeconfig/manager.go). */
function unknownKeys(name: string, path: string, limits: unknown): readonly Finding[] {
  const known = overrideKeys[name] as Readonly<Record<string, readonly string[]>> | undefined;
  if (!known) return [];
  const of = (at: string, table: unknown, names: readonly string[]): readonly Finding[] =>
    Object.keys((table ?? {}) as object)
      .filter((key) => !names.includes(key))
      .map((key) => {
        const near = nearest(key, names);
        return refused(
          `${at}.${key} is no limit of ${name}: ${near ? `did you mean "${near}"?` : "expected one of its documentation"}`,
        );
      });
  const inside = Object.entries((limits ?? {}) as Readonly<Record<string, unknown>>).flatMap(([key, table]) => {
    const names = known[key] ?? [];
    return names.length > 0 && isTable(table) ? of(`${path}.${key}`, table, names) : [];
  });
  return [...of(path, limits, Object.keys(known)), ...inside];
}

/** What holds for single tenants: where there are none, and beyond what holds for all. */
const ofTenants = ({ environment, bases }: Built): readonly Finding[] =>
  Object.entries(environment.overrides).flatMap(([name, tenants]) => {
    const base = bases.find(({ component }) => component.name === name);
    const alone: string | undefined = onlyTenant[name as keyof typeof onlyTenant];
    const bounds = Object.values(base?.settings ?? {}).flatMap((setting) => setting.bounds ?? []);
    return Object.entries(tenants as Overrides).flatMap(([tenant, limits]) => [
      ...unknownKeys(name, `overrides.${name}.${tenant}`, limits),
      ...(environment.tenant === undefined && tenant !== alone
        ? [
            refused(
              `overrides.${name}.${tenant} has no effect: there are no tenants, and all data is ${show(alone ?? "")}'s. Set tenant, or name that one.`,
            ),
          ]
        : []),
      ...bounds.flatMap((one) => {
        const path = one.override?.split(".") ?? [];
        const value = path.length > 0 ? within(limits, path) : undefined;
        return typeof value === "string" && /^\d+[smhdwy]$/.test(value)
          ? durationFindings(`overrides.${name}.${tenant}.${path.join(".")}`, value, one)
          : [];
      }),
    ]);
  });

/** Buckets, as the environment's programs are told of them. */
const bucketsOf = ({ bases, environment }: Built) => {
  const isMinio = environment.store.kind === "minio";
  return bases.flatMap(({ component, settings }) =>
    (component.buckets ?? []).flatMap(({ name, setting }) => {
      const value = setting === undefined ? (isMinio ? name : undefined) : settings[setting]?.value;
      return value === undefined
        ? []
        : [
            {
              component: component.name,
              setting,
              value,
              isSaid: environment.components[component.name]?.[setting ?? ""] !== undefined,
            },
          ];
    }),
  );
};

const buckets = (built: Built): readonly Finding[] => {
  const { kind, bucketPrefix } = storeOf(built.environment);
  const all = bucketsOf(built);
  const path = (one: (typeof all)[number]): string => `components.${one.component}.${one.setting ?? "bucket"}`;
  const named = all.flatMap((one) => {
    const broken = bucketRules[kind].find(({ pattern }) => !pattern.test(one.value));
    if (!broken) return [];
    const where =
      one.isSaid || bucketPrefix === ""
        ? `${path(one)} is ${show(one.value)}`
        : `store.bucketPrefix is ${show(bucketPrefix)}: that makes the bucket ${show(one.value)}`;
    return [refused(`${where}: expected ${broken.expected}`)];
  });
  const twice = all.flatMap((one, i) => {
    const other = all.slice(0, i).find(({ value }) => value === one.value);
    if (!other) return [];
    const text = `${path(one)} is ${show(one.value)}, and so is ${path(other)}: expected a bucket for each`;
    return [
      other.component === one.component ? beware(text) : refused(`${text}, because each deletes what it does not know`),
    ];
  });
  return [...named, ...twice];
};

const urlUnits = ["url", "host", "address"];
/** Where a setting leads: host and port. */
function placeOf({ unit, value }: Setting, store: Store): { readonly host: string; readonly port: number } {
  if (unit === "url") {
    const { hostname, port, protocol } = new URL(value);
    return { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
  }
  const [host = "", port] = value.split(":");
  return { host, port: port === undefined ? portOf(store) : Number(port) };
}

/** Addresses that no policy lets anybody out to. */
const unreachable = (built: Built): readonly Finding[] => {
  const { environment } = built;
  const store = storeOf(environment);
  return said(built).flatMap(({ path, base, setting }) => {
    if (!urlUnits.includes(setting.unit) || setting.value === (setting.standard ?? setting.value)) return [];
    const { host, port } = placeOf(setting, store);
    const open = base.workloads.flatMap(({ fullName }) => (environment.egress[fullName] ?? []).map((way) => way.port));
    const bySetting = {
      store: store.kind === "minio" ? [] : [portOf(store)],
      kafka: kafkaPorts(environment),
      tenant: [],
    };
    const also = setting.follows ? bySetting[setting.follows.setting] : [];
    const peers = ownConnections(base).flatMap(({ to }) => (isRole(to) ? [to] : []));
    const known = peers.some(
      (to) => isAt(to, host) && Object.values(to.ports as Readonly<Record<string, number>>).includes(port),
    );
    if (
      known ||
      open.includes(port) ||
      also.includes(port) ||
      (environment.proxy && setting.value.startsWith("https:"))
    )
      return [];
    const example = base.workloads[0]?.fullName ?? base.component.name;
    return [
      beware(
        `${path} leads to ${host}:${port}, and no policy lets ${base.component.name} out there. Say egress: { ${show(example)}: [{ port: ${port} }] } for each workload that asks.`,
      ),
    ];
  });
};
const kafkaPorts = ({ kafka }: Environment): readonly number[] => (kafka ? [Number(kafka.address.split(":")[1])] : []);
const isAt = ({ entryPoint, groups }: Role, host: string): boolean =>
  [entryPoint?.name, ...groups.map(({ name }) => name)].some(
    (name) => name !== undefined && (host === name || host.startsWith(`${name}.`) || host.endsWith(`.${name}`)),
  );

/** Bytes of a sample on a disk: https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects */
const sampleBytes = 2;
/** Series of the stack itself on a small cluster, where no load is said: an assumption. */
const ownSeries = 20_000;

/** Samples that a pod's own volume cannot hold for as long as they are to stay there. */
const overfull = (built: Built): readonly Finding[] => {
  const { environment, sizing } = built;
  const series = environment.load?.activeSeries ?? ownSeries;
  const whose = environment.load?.activeSeries === undefined ? "of the stack itself, an assumption" : "of the load";
  return said(built)
    .filter(({ setting }) => setting.bounds?.fillsVolume)
    .flatMap(({ path, base, setting }) =>
      base.pods.flatMap(({ workload, size: { disk, replicas } }) => {
        if (!disk || !Number.isFinite(days(setting.value))) return [];
        const copies =
          Number(base.settings["replicationFactor"]?.value ?? replicas) *
          (base.settings["replicationFactor"] ? sizing.facts.senders : 1);
        const samples = (series / sizing.facts.scrapeIntervalSeconds) * days(setting.value) * 86_400;
        const needed = (samples * sampleBytes * copies) / Math.max(1, replicas);
        const room = quantity(disk.size) ?? 0;
        if (needed <= room) return [];
        return [
          beware(
            `${path} is ${show(setting.value)}: ${plain(series)} series ${whose} / ${sizing.facts.scrapeIntervalSeconds} s × ${plain(days(setting.value))} days × ${sampleBytes} bytes ` +
              `are ${bytes(needed / 1e9)} for each pod of ${workload.fullName}, and its volume has ${disk.size}. Raise volumes.${base.component.name}.size, or keep less.`,
          ),
        ];
      }),
    );
};

/** Volumes that an environment makes smaller than what its load comes to. */
const tooSmall = ({ environment, bases, sizing }: Built): readonly Finding[] =>
  environment.load === undefined
    ? []
    : sizing.workloads.flatMap(({ workload, component, disk }) => {
        const own = bases.flatMap(({ pods }) => pods).find((one) => one.workload.fullName === workload)?.size
          .disk?.size;
        return own !== undefined && disk !== undefined && (quantity(own) ?? 0) < (quantity(disk) ?? 0)
          ? [
              beware(
                `volumes.${environment.volumes[component] === undefined ? "default" : component}.size is ${show(own)}: the load comes to ${disk} for each pod of ${workload}`,
              ),
            ]
          : [];
      });

/** That the store has no room for what is never deleted. */
const endless = ({ environment, bases, sizing }: Built): readonly Finding[] => {
  if (environment.store.kind !== "minio") return [];
  const disk = bases.flatMap(({ component, pods }) =>
    component.roles["server"]?.clientLabel === "object-store" ? pods : [],
  )[0]?.size.disk;
  if (!disk) return [];
  const whole = sizing.kept.reduce((all, { gigabytes }) => all + gigabytes, 0);
  const room = (quantity(disk.size) ?? 0) / 1e9;
  const isSaid = bases.some(({ component, settings }) =>
    Object.keys(environment.components[component.name] ?? {}).some((key) => settings[key]?.bounds),
  );
  return isSaid && whole > room
    ? [
        beware(
          `the objects of this load are ${bytes(whole)} at full retention, and the volume of MinIO has ${disk.size}. Raise volumes.minio.size, or keep less.`,
        ),
      ]
    : [];
};

const ranges = ({ environment }: Built): readonly Finding[] =>
  Object.entries(environment.egress).flatMap(([workload, ways]) =>
    ways.flatMap(({ cidr }, i) => {
      const [address = "", bits = "0"] = cidr?.split("/") ?? [];
      if (isIP(address) !== 4) return [];
      const number = address.split(".").reduce((all, part) => all * 256 + Number(part), 0);
      const size = 2 ** (32 - Number(bits));
      const first = Math.floor(number / size) * size;
      if (first === number) return [];
      const text = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
      return [beware(`egress.${workload}[${i}].cidr is ${show(cidr ?? "")}: that is all of ${text}/${bits}`)];
    }),
  );

const others = ({ environment: { repository, database, namespaces, exposure }, sizing }: Built): readonly Finding[] => [
  ...sizing.warnings.map((text) => beware(`load: ${text}`)),
  ...(/^(ssh:|[^/:]+@)/.test(repository.url) && repository.secretRef === undefined
    ? [
        beware(
          "repository.url is by ssh, and Flux has no key for it. Say repository.secretRef, a Secret with identity and known_hosts.",
        ),
      ]
    : []),
  ...(database?.sslMode === "disable"
    ? [beware('database.sslMode is "disable": Grafana sends its password where others may read it')]
    : []),
  ...(exposure?.by === "gateway-api" && Object.values(namespaces).includes(exposure.gatewayNamespace ?? "")
    ? [
        beware(
          `exposure.gatewayNamespace is ${show(exposure.gatewayNamespace ?? "")}: the environment's policies shut all other pods there, a Gateway's too`,
        ),
      ]
    : []),
];

const checks: readonly ((built: Built) => readonly Finding[])[] = [
  idle,
  twins,
  off,
  contradictions,
  durations,
  ofTenants,
  buckets,
  unreachable,
  overfull,
  tooSmall,
  endless,
  ranges,
  others,
];

/** What is wrong with an environment as a whole, and what its author should know. */
export const findings = (built: Built): readonly Finding[] => checks.flatMap((check) => check(built));
