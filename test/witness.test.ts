import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { derived, logsQuery, references, shift } from "./e2e/checks/correlations.ts";
import { formats } from "./e2e/checks/generators.ts";
import { once } from "./e2e/context.ts";
import { type DataSource, expand, headers } from "./e2e/datasources.ts";
import { answer, type ClusterObject } from "./e2e/kubectl.ts";
import { missing } from "./e2e/ready.ts";
import { jaegerBatch } from "./e2e/thrift.ts";

/* Parts of the run on a cluster that need none: what it says of a cluster is only as good as they are. */

/** https://kubernetes.io/docs/concepts/workloads/controllers/ : what `kubectl rollout status` waits for. */
describe("a workload is done", () => {
  const object = (kind: string, spec: object, status: object, generation = 2): ClusterObject =>
    ({
      kind,
      metadata: { name: "a", generation },
      spec,
      status: { observedGeneration: 2, ...status },
    }) as unknown as ClusterObject;
  const cases: readonly [string, ClusterObject, string | undefined][] = [
    [
      "when all pods of a Deployment are new and available",
      object("Deployment", { replicas: 2 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
      undefined,
    ],
    [
      "and not while one of them is not available",
      object("Deployment", { replicas: 2 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 1 }),
      "Deployment a 1/2",
    ],
    [
      "and not while an old pod is there beside them",
      object("Deployment", { replicas: 1 }, { replicas: 2, updatedReplicas: 1, availableReplicas: 1 }),
      "Deployment a 0/1",
    ],
    [
      "and not before its controller has seen the newest specification",
      object("Deployment", { replicas: 1 }, { replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, 3),
      "Deployment a 1/1",
    ],
    [
      "when all pods of a StatefulSet are new and ready",
      object("StatefulSet", { replicas: 3 }, { updatedReplicas: 3, readyReplicas: 3 }),
      undefined,
    ],
    [
      "and not when old ones are ready",
      object("StatefulSet", { replicas: 3 }, { updatedReplicas: 1, readyReplicas: 3 }),
      "StatefulSet a 1/3",
    ],
    [
      "when there is a ready new pod on every node of a DaemonSet",
      object("DaemonSet", {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2 }),
      undefined,
    ],
    [
      "and not when a node lacks one",
      object("DaemonSet", {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 1 }),
      "DaemonSet a 1/2",
    ],
    ["when it is to have no pods", object("Deployment", { replicas: 0 }, {}), undefined],
  ];
  for (const [what, one, expected] of cases) test(what, () => assert.equal(missing(one), expected));
});

describe("what curl answers in a pod", () => {
  test("is the body, the status, whether a connection was made, and how curl ended", () => {
    assert.deepEqual(answer('{"a":\n1}\n200 0.003 0\n'), { status: 200, connected: true, exit: 0, body: '{"a":\n1}' });
    assert.deepEqual(answer("000 0.000000 28\n"), { status: 0, connected: false, exit: 28, body: "" });
  });
  test("is no answer where nothing came back", () => assert.throws(() => answer("refused"), /gave no result: refused/));
});

/** https://grafana.com/docs/grafana/latest/administration/provisioning/#using-environment-variables */
describe("a data source is read as Grafana reads it", () => {
  test("with variables in both forms, and two dollars as one", () =>
    assert.deepEqual(
      expand(
        { a: "${TENANT}-$TENANT", b: ["$$__value.raw", "$${__value.raw}"], c: 1, d: "$NONE" },
        new Map([["TENANT", "main"]]),
      ),
      {
        a: "main-main",
        b: ["$__value.raw", "${__value.raw}"],
        c: 1,
        d: "",
      },
    ));
  test("with each header beside its value", () => {
    const source = {
      jsonData: { httpHeaderName1: "X-Scope-OrgID", httpHeaderName2: "B", timeout: 3 },
      secureJsonData: { httpHeaderValue1: "main" },
    };
    assert.deepEqual(headers(source as unknown as DataSource), { "X-Scope-OrgID": "main", B: "" });
  });
  test("with the sources that it refers to, however deep", () =>
    assert.deepEqual(
      references({
        serviceMap: { datasourceUid: "metrics" },
        list: [{ datasourceUid: "tempo" }],
        alertmanagerUid: "alerts",
        uid: "x",
        datasourceUidX: "y",
      }),
      ["metrics", "tempo", "alerts"],
    ));
  test("with a time before and after a span", () => {
    assert.deepEqual(
      ["-10m", "5s", "1h", "250ms", undefined].map((text) => shift(text)),
      [-600_000, 5000, 3_600_000, 250, 0],
    );
    assert.throws(() => shift("ten"), /is "ten": expected a time such as "-5m"/);
  });
  /** https://grafana.com/docs/grafana/latest/datasources/loki/configure-loki-data-source/#derived-fields */
  test("with a field of a line's text, or of its label", () => {
    const line = {
      text: "level=info trace_id=0af7651916cd43dd",
      labels: { trace_id: "beef", app: "x" },
      at: 0,
    } as unknown as Parameters<typeof derived>[1];
    const field = (matcherType: string, matcherRegex: string) =>
      ({ matcherType, matcherRegex, datasourceUid: "tempo" }) as Parameters<typeof derived>[0];
    assert.equal(derived(field("regex", "trace_id=(\\w+)"), line), "0af7651916cd43dd");
    assert.equal(derived(field("label", "trace_id"), line), "beef");
    assert.equal(derived(field("label", "span_id"), line), undefined);
  });
  test("with the lines of a span by its own query, or by its tags", () => {
    const span = { attributes: { "service.name": "cart", pod: "cart-0" } } as unknown as Parameters<
      typeof logsQuery
    >[1];
    const custom = {
      customQuery: true,
      query: '{app="${__span.tags["service.name"]}"} |= "${__trace.traceId}"',
    } as Parameters<typeof logsQuery>[0];
    assert.equal(logsQuery(custom, span, "beef"), '{app="cart"} |= "beef"');
    const plain = { filterByTraceID: true, tags: [{ key: "service.name", value: "app" }] } as Parameters<
      typeof logsQuery
    >[0];
    assert.equal(logsQuery(plain, span, "beef"), '{app="cart"} |= "beef"');
    assert.equal(logsQuery({ tags: [{ key: "zone" }] } as Parameters<typeof logsQuery>[0], span, "beef"), undefined);
  });
});

/** https://github.com/mingrammer/flog#supported-formats , its own examples. */
test("a line of each of flog's formats is known, and no line of another", () => {
  const lines = {
    "apache-common": '8.8.8.8 - kuhic2134 [21/Apr/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 1234',
    "apache-error": "[Tue Apr 21 10:00:00 2026] [alias:error] [pid 12:tid 34] [client 1.2.3.4:80] text",
    rfc3164: "<34>Apr  1 10:00:00 host program[12]: text",
  } as const;
  for (const [name, pattern] of Object.entries(formats))
    assert.deepEqual(
      Object.keys(lines).filter((one) => pattern.test(lines[one as keyof typeof lines])),
      [name],
    );
});

/** Thrift's binary protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md) and jaeger.thrift: by hand. */
test("a span is written as Jaeger's clients write it: big-endian, the low half of its trace first, a field by its type and number", () => {
  const batch = jaegerBatch("cart", [
    {
      traceId: "00000000000000aa00000000000000bb",
      spanId: "00000000000000cc",
      name: "n",
      start: 1,
      duration: 2,
      tags: { k: "v" },
    },
  ]);
  const process = "0c0001" + "0b000100000004" + Buffer.from("cart").toString("hex") + "00";
  const ids = "0a000100000000000000bb" + "0a000200000000000000aa" + "0a000300000000000000cc" + "0a00040000000000000000";
  const named = "0b0005000000016e" + "08000700000001" + "0a00080000000000000001" + "0a00090000000000000002";
  const tags = "0f000a" + "0c00000001" + "0b0001000000016b" + "08000200000000" + "0b00030000000176" + "00";
  assert.equal(batch.toString("hex"), `${process}0f00020c00000001${ids}${named}${tags}00` + "00");
});

test("what is to be done once is done once, whoever asks for it", async () => {
  let count = 0;
  const work = once(() => Promise.resolve((count += 1)));
  assert.deepEqual(await Promise.all([work(), work(), work()]), [1, 1, 1]);
});
