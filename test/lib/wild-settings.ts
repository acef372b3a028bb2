import { quantity } from "../../src/core/kubernetes/requests.ts";
import { podTemplates } from "../../src/core/kubernetes/reading.ts";
import { SettingsError } from "../../src/settings/validate.ts";
import { overlayFiles } from "../../src/core/output/render.ts";
import { closedFaults, recorded } from "./policies.ts";
import { random, type Random } from "./random.ts";
import { schema } from "./reference.ts";
import { fileFaults, keyFaults, nameLinks } from "./references.ts";
import { environmentOf, worldOf, type World } from "./world.ts";

/* Settings at random: of right ones in all combinations, and of wrong ones. */

/** What is looked at here of a schema of valibot. */
interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

/** Texts of which some fit each unit. */
const texts = [
  ..."true|false|s3|gcs|azure|enabled|disabled|PLAIN|SCRAM-SHA-512|require|verify-full|disable|none".split("|"),
  ..."3|7|1|12|720h|30d|0d|25h|1h|1y|999y|10d|90m|10Gi|1Gi|500Gi|main|v1.2.0|>=1.0.0 <2.0.0".split("|"),
  ..."acme|acme-|eu-central-1|team-a|fake|kafka.example.com:9093|db.example.com:5432|minio:9000".split("|"),
  ..."grafana.example.com|https://ceph.example.com:8443|http://prometheus:9090/api/v1/write|^INFO|acmeprod".split("|"),
  '{app="cart"}',
  "{tempo-block-builder-0: [0, 1, 2, 3], tempo-block-builder-1: [4, 5, 6, 7]}",
  ".corp.example.com,hooks.example.com",
  "ssh://git@github.com/acme/obs.git",
  "git@github.com:acme/obs.git",
  "0123456789abcdef0123456789abcdef01234567",
  "arn:aws:iam::123456789012:role/loki",
  "loki@acme.iam.gserviceaccount.com",
  "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e",
  "203.0.113.0/24",
  "::/0",
];
const ring: Record<string, unknown> = {};
ring["ring"] = ring;
/** Values that fit nothing, or something else. */
const odd: readonly unknown[] = [
  ...[
    "",
    " ",
    "\n",
    "a".repeat(300),
    "${X}",
    "$(X)",
    "{{ x }}",
    "a..b",
    "http://[",
    "10.0.0.0/33",
    "-1",
    "1e9",
    "0Gi",
    "99999y",
  ],
  ...["minio:99999", "https://a:b@c", "::1", "ä", "__proto__", "a\u0000b", "null", "~", "kube-system"],
  ...[0, -1, 0.5, 1e300, NaN, Infinity, 2 ** 53, 10n, null, undefined, true, [], {}, [[]], { a: { b: 1 } }],
  ...[() => 1, Symbol("odd"), new Date(0), new Map(), ring],
];
const keys = [
  "metric",
  "retenton",
  "toString",
  "constructor",
  "hasOwnProperty",
  "images",
  "loki",
  "0",
  "ä b",
  "replica",
];

interface Chances {
  readonly of: Random;
  /** How often something wrong is put in the place of what fits. */
  readonly wrong: number;
  /** How often a setting that may be left out is there. */
  readonly there: number;
}

const pick = <T>(of: Random, list: readonly T[]): T => of.one(list);
const happens = (of: Random, chance: number): boolean => of.below(1e6) < chance * 1e6;

function value(node: Schema, chances: Chances): unknown {
  const { of, wrong, there } = chances;
  if (happens(of, wrong)) return pick(of, [...odd, ...texts]);
  if (node.wrapped) return value(node.wrapped, chances);
  if (node.literal !== undefined) return node.literal;
  if (node.item) return Array.from({ length: of.below(3) }, () => value(node.item as Schema, chances));
  if (node.options) {
    const one = pick(of, node.options);
    return typeof one === "object" && one !== null ? value(one as Schema, chances) : one;
  }
  if (node.entries) {
    const fields = Object.entries(node.entries).filter(([, one]) => one.type !== "optional" || happens(of, there));
    const more = happens(of, wrong) ? [[pick(of, keys), pick(of, odd)]] : [];
    return Object.fromEntries([...fields.map(([key, one]) => [key, value(one, chances)]), ...more]) as object;
  }
  if (node.type === "record") return of.oncein(2) ? {} : { "team-a": value(node.value as Schema, chances) };
  if (node.type === "number") return pick(of, [0, 1, 2, 3, 5, 8, 443, 1000, 50_000]);
  if (node.type !== "string") return pick(of, ["744h", 12, true]);
  const pattern = node.pipe?.find(({ type }) => type === "regex")?.requirement as RegExp | undefined;
  return pick(of, pattern ? texts.filter((text) => pattern.test(text)) : texts);
}

/** Settings from a seed: half of the seeds try to be right. */
export function wildSettings(seed: number): unknown {
  const of = random(seed);
  const tries = happens(of, 0.6);
  const there = pick(of, tries ? [0.02, 0.05, 0.1, 0.2] : [0.05, 0.2, 0.6]);
  return value(schema as unknown as Schema, { of, wrong: tries ? 0 : 0.03, there });
}

/** One problem a line, each of which begins with the file. */
const isClear = (message: string): boolean =>
  message.split("\n").every((line) => /^src\/environments\/wild\.ts: \S.{8,}$/.test(line) && line.length < 1000);

const unequal = ({ objects, overlay }: World): readonly string[] => {
  const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${id} is there twice`);
  const alone = overlay.parts.flatMap(({ bases }) =>
    bases.flatMap(({ pods }) =>
      pods
        .filter(
          ({ workload, size }) =>
            size.replicas * (size.zones ?? 1) > 1 && workload.roles.some(({ singleton }) => singleton === true),
        )
        .map(({ workload, size }) => `${workload.fullName} has ${size.replicas} pods, and holds a singleton`),
    ),
  );
  const sizes = podTemplates(objects).flatMap(({ id, spec }) =>
    spec.containers.flatMap(({ name, resources }) =>
      (["memory", "cpu"] as const)
        .filter((one) => {
          const limit = quantity(resources?.limits?.[one] ?? "1E") ?? Infinity;
          const request = quantity(resources?.requests?.[one] ?? 0);
          return request === undefined || !Number.isFinite(request) || request > limit;
        })
        .map(
          (one) =>
            `${id} ${name} asks for ${resources?.requests?.[one]} of ${one}, and may have ${resources?.limits?.[one]}`,
        ),
    ),
  );
  return [...twice, ...alone, ...sizes];
};

/**
 * Builds an environment of these settings.
 * @throws unless it ends in an overlay whose invariants hold or in clear messages
 */
export function wildEnvironment(seed: number): "built" | "refused" {
  const settings = wildSettings(seed);
  let world: World;
  try {
    world = worldOf(environmentOf("wild", settings));
  } catch (error) {
    if (error instanceof SettingsError && isClear(error.message)) return "refused";
    throw new Error(`seed ${seed}: ${(error as Error).stack}`, { cause: error });
  }
  const { overlay, objects } = world;
  overlayFiles(overlay, [], "busybox");
  const expected = overlay.parts.flatMap(({ expects }) => expects.map(({ name }) => name));
  const faults = [
    ...unequal(world),
    ...nameLinks(objects, expected),
    ...fileFaults(objects),
    ...keyFaults(objects),
    ...closedFaults(recorded(overlay, objects), objects),
  ];
  if (faults.length > 0) throw new Error(`seed ${seed}: ${faults.join("\n")}`);
  return "built";
}
