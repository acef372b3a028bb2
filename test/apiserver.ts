import { environmentOf, shipped, type World, worldOf, worlds } from "./lib/world.ts";
import { admitAll, type ApiServer, applyAll, deleteAll, NotThere, startApiServer, stateOf } from "./lib/apiserver.ts";
import { idOf, podTemplates } from "./lib/objects.ts";

/**
 * What only a real API server knows: whether it takes every object and every pod, without a warning, and what is left of an environment when
 * another one of the same cluster comes or goes. $KUBE_APISERVER and $ETCD name others than those on the PATH, so each version of Kubernetes
 * is one run.
 */
export interface Row {
  readonly result: "ok" | "failed" | "not there";
  readonly program: string;
  readonly what: string;
  readonly faults: readonly string[];
}

/** The environment in namespaces that no other has. */
const alone = ({ environment: { name, file, ...settings } }: World): World =>
  worldOf(environmentOf(name, { ...settings, namespaces: { stack: name, agents: `${name}-agents` } }));

/** Kinds that no cluster has by itself. */
const isBuiltIn = ({ apiVersion }: { readonly apiVersion: string }): boolean =>
  !/^(keda\.sh|gateway\.networking\.k8s\.io|monitoring\.coreos\.com)\//.test(apiVersion);
const objectsOf = ({ objects }: World) => objects.filter(isBuiltIn);

/** A pod as its controller would make it, with the claims that a StatefulSet's has. */
const podsOf = (world: World) =>
  podTemplates(world.objects).map(({ id, namespace, name, labels, annotations, claims, spec }) => ({
    id,
    namespace,
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `${name}-0`, labels, annotations },
      spec: {
        ...spec,
        volumes: [
          ...(spec.volumes ?? []),
          ...claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}-0` } })),
        ],
      },
    },
  }));

async function taken(server: ApiServer, world: World): Promise<readonly string[]> {
  const objects = objectsOf(world);
  return [...(await applyAll(server, objects)), ...(await admitAll(server, podsOf(world)))];
}

/** What differs of the others' objects once this one is gone, and once it is there again. */
async function disturbed(server: ApiServer, all: readonly World[]): Promise<readonly string[]> {
  const kinds = all.flatMap(objectsOf);
  const faults: string[] = [];
  for (const one of all) {
    const own = objectsOf(one);
    const others = all
      .filter((world) => world !== one)
      .flatMap((world) => objectsOf(world).map((o) => [world.name, o] as const));
    const before = await stateOf(server, kinds);
    const compare = async (event: string): Promise<void> => {
      const now = await stateOf(server, kinds);
      for (const [name, object] of others) {
        const { kind, metadata } = object;
        const key = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
        const state = now.get(key);
        if (!before.has(key)) faults.push(`${name}: ${idOf(object)} was not there before ${one.name} ${event}`);
        else if (state !== before.get(key))
          faults.push(`${name}: ${idOf(object)} is ${state ? "another" : "gone"} since ${one.name} ${event}`);
      }
    };
    faults.push(...(await deleteAll(server, own)));
    await compare("went");
    faults.push(...(await applyAll(server, own)));
    await compare("came");
  }
  return faults;
}

/** What is to be noticed: a field that is deprecated, one that there is not, and a pod that the namespace's Pod Security refuses. */
async function unnoticed(server: ApiServer, { environment: { namespaces } }: World): Promise<readonly string[]> {
  const namespace = namespaces.stack;
  const containers = [{ name: "c", image: "example.org/c:1" }];
  const old = { nodeSelector: { "beta.kubernetes.io/os": "linux" } };
  const cases: readonly (readonly [string, object, RegExp])[] = [
    [namespaces.agents, { ...old, containers }, /^a pod of it: warning: .*beta.kubernetes.io\/os.*deprecated/],
    [namespaces.agents, { containers, replicas: 1 }, /^a pod of it: 400 .*unknown field "spec.replicas"/],
    [namespace, { containers }, /^a pod of it: 403 .*violates PodSecurity "restricted/],
  ];
  const answers = await Promise.all(
    cases.map(async ([at, spec, expected]) => {
      const own = { ...spec, serviceAccountName: at === namespace ? "loki" : "node-exporter" };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "it" }, spec: own };
      const [said = "nothing"] = await admitAll(server, [{ id: "it", namespace: at, pod }]);
      return expected.test(said) ? [] : [`expected ${String(expected)}, found ${said}`];
    }),
  );
  return answers.flat();
}

export async function* apiServerRows(): AsyncGenerator<Row> {
  const what = "every environment's objects and pods";
  let server: ApiServer;
  try {
    server = await startApiServer();
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    yield { result: "not there", program: error.message, what, faults: [] };
    return;
  }
  const program = `kube-apiserver ${server.version}`;
  const row = (what: string, faults: readonly string[]): Row => ({
    result: faults.length === 0 ? "ok" : "failed",
    program,
    what,
    faults,
  });
  try {
    const [first] = shipped.map(alone);
    if (first) {
      await applyAll(server, objectsOf(first));
      yield row("what is deprecated, unknown or forbidden is noticed", await unnoticed(server, first));
    }
    for (const world of worlds.map(alone)) {
      const sum = `${objectsOf(world).length} objects, ${podTemplates(world.objects).length} pods`;
      yield row(`${world.name}: ${sum}, none refused or warned of`, await taken(server, world));
    }
    yield row(
      `${shipped.length} environments in one cluster: none takes from another as it comes or goes`,
      await disturbed(server, shipped.map(alone)),
    );
  } finally {
    await server.stop();
  }
}
