import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IProbe } from "kubernetes-models/v1/Probe";
import { dormant, leastStart, leastStartOfOthers, type Listening, portsOf } from "./facts/ports.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf, specOf } from "./lib/objects.ts";
import { behind, type Process, processesOf } from "./lib/processes.ts";
import { scraped } from "./lib/scrape.ts";
import { dev, worlds } from "./lib/world.ts";
import { once } from "../src/core/util/once.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* What a pod, a Service or a probe says of a port is compared with what the program in it is told (test/facts/ports.ts). */

const longRunning = (objects: readonly Manifest[]): readonly Process[] =>
  processesOf(objects).filter(({ first }) => !first);

const told = (process: Process): readonly Listening[] => Object.values(portsOf(process));
const sleeps = ({ program }: Process, port: number): boolean =>
  dormant.some(([of, number]) => of === program && number === port);

const declarationFaults = (objects: readonly Manifest[]): Findings =>
  longRunning(objects).flatMap((process) => {
    const declared = (process.container.ports ?? []).map(({ containerPort }) => containerPort);
    const listens = told(process).map(({ port }) => port);
    return [
      ...listens
        .filter((port) => !declared.includes(port))
        .map((port) => `${process.at} is told to listen on ${port}, which its pod does not declare`),
      ...declared
        .filter((port) => !listens.includes(port) && !sleeps(process, port))
        .map((port) => `${process.at} declares ${port}, where it is not told to listen`),
    ];
  });

const serviceFaults = (objects: readonly Manifest[]): Findings =>
  objects
    .filter(({ kind }) => kind === "Service")
    .flatMap((service) =>
      (specOf<{ readonly ports?: readonly { readonly port: number }[] }>(service).ports ?? []).flatMap(({ port }) =>
        behind(objects, service, port)
          .filter(({ process, port: number }) => !sleeps(process, number))
          .filter(({ process, port: number }) => !told(process).some((one) => one.port === number))
          .map(({ process, port: number }) => `${idOf(service)} leads to ${process.at} port ${number}: nobody listens`),
      ),
    );

const probesOf = ({ container }: Process): readonly (readonly [string, IProbe])[] =>
  (["startupProbe", "readinessProbe", "livenessProbe"] as const).flatMap((name) =>
    container[name] ? [[name, container[name]] as const] : [],
  );

const probeFaults = (objects: readonly Manifest[]): Findings =>
  longRunning(objects).flatMap((process) =>
    probesOf(process).flatMap(([name, { httpGet, tcpSocket, grpc }]) => {
      const asked = httpGet?.port ?? tcpSocket?.port ?? grpc?.port;
      if (asked === undefined) return [];
      const { ports = [] } = process.container;
      const number = ports.find((one) => one.name === asked || one.containerPort === asked)?.containerPort;
      const found = told(process).find(({ port }) => port === number);
      if (!found) return [`${process.at} ${name} asks port ${asked}, where it is not told to listen`];
      if (!httpGet) return [];
      return found.answers?.includes(httpGet.path ?? "/")
        ? []
        : [`${process.at} ${name} asks for ${httpGet.path} on ${asked}, which ${process.program} does not answer`];
    }),
  );

const startFaults = (objects: readonly Manifest[]): Findings =>
  longRunning(objects).flatMap((process) => {
    const { startupProbe } = process.container;
    if (!startupProbe) return [];
    const { failureThreshold = 3, periodSeconds = 10, initialDelaySeconds = 0 } = startupProbe;
    const given = initialDelaySeconds + failureThreshold * periodSeconds;
    const least = leastStart[process.program] ?? leastStartOfOthers;
    return given >= least ? [] : [`${process.at} has ${given} s to start: ${process.program} needs ${least}`];
  });

const scrapedIn = once(scraped);
const scrapeFaults = (objects: readonly Manifest[]): Findings =>
  scrapedIn(objects)
    .filter(({ job }) => job !== "pods")
    .flatMap(({ job, pod, port, path }) => {
      const found = longRunning(objects)
        .filter((process) => process.pod.id === pod.id)
        .flatMap(told)
        .find((one) => one.port === port);
      return found?.answers?.includes(path)
        ? []
        : [`job ${job} asks ${pod.id} for ${path} on ${port}, which is not answered`];
    });

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("each pod declares the ports that its programs are told to listen on, and no others", () => {
      assert.ok(longRunning(objects).flatMap(told).length > 20);
      none(declarationFaults(objects));
    });
    test("each port of a Service leads to one where the program behind it listens", () => none(serviceFaults(objects)));
    test("each probe asks for what the program answers on that port", () => {
      assert.ok(longRunning(objects).flatMap(probesOf).length > 25);
      none(probeFaults(objects));
    });
    test("Prometheus asks each program for metrics where that has them", () => {
      assert.ok(scrapedIn(objects).length > 8);
      none(scrapeFaults(objects));
    });
    test("each program has the time that its start takes where its log is to be read again", () =>
      none(startFaults(objects)));
  });

describe("a port or a path that is wrong is reported", () => {
  const template = ["spec", "template", "spec", "containers", 0];
  const minio = "StatefulSet observability/minio";
  const changed = (path: readonly (string | number)[], value: unknown): readonly Manifest[] =>
    altered(dev.objects, minio, [...template, ...path], value);
  test("when the program is told to listen elsewhere", () => {
    const elsewhere = changed(["args", 3], "--address=:9005");
    says(declarationFaults(elsewhere), /minio is told to listen on 9005, which its pod does not declare/);
    says(serviceFaults(elsewhere), /minio port 9000: nobody listens/);
    says(probeFaults(elsewhere), /readinessProbe asks port s3, where it is not told to listen/);
    says(scrapeFaults(elsewhere), /job minio asks .* on 9000, which is not answered/);
  });
  test("when a probe asks for a path that is not there", () =>
    says(
      probeFaults(changed(["readinessProbe", "httpGet", "path"], "/minio/health/redy")),
      /asks for \/minio\/health\/redy on s3, which minio does not answer/,
    ));
  test("when there is no time to start", () =>
    says(startFaults(changed(["startupProbe", "failureThreshold"], 2)), /minio has 10 s to start: minio needs 120/));
});
