import type { Findings } from "./findings.ts";
import {
  containersOf,
  idOf,
  type Labels,
  podTemplate,
  podTemplates,
  isWorkload,
  type PodTemplate,
  selects,
  specOf,
  type Text,
  textsOf,
} from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

/** An address in a text: the host and port of `http://loki:3100/ready`. */
export interface Found {
  readonly where: string;
  readonly namespace: string;
  /** Empty where the text says only on which port to listen. */
  readonly host: string;
  /** A number, or the name of the port in its Service. */
  readonly port: number | string;
  readonly readers: readonly PodTemplate[];
}

const url = /\b(https?|grpcs?):\/\/([A-Za-z0-9.-]+)(?::(\d+))?/g;
const schemePorts: Readonly<Record<string, number>> = { grpc: 80, grpcs: 443, http: 80, https: 443 };
const hostPort = /(?<![\w.$/@:{}-])([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{2,5})(?![\w.:-])/gi;
const listening = /(?<=^|[\s=]|[\s=]["']):(\d{2,5})(?![\w.:-])/gm;
const portSetting = /(?:[-_]port|Port)["']?\s*[:=]\s*["']?(\d{2,5})\b/g;
/**
 * An SRV name, `_http._tcp.loki-headless`, by which a client finds each pod and balances the load
 * itself.
 */
const srv = /_(\w[\w-]*)\._tcp\.([a-z0-9.-]*[a-z0-9])/g;
const isHost = (host: string): boolean => /[a-z]/i.test(host) || /^\d+(\.\d+){3}$/.test(host);

/** A link for people, which no program follows. */
const link = /\brunbook_url: \S+/g;

/** Every host and port, URL or port to listen on in these texts. */
export function addressesIn({ where, namespace, text: all, readers }: Text): readonly Found[] {
  const text = all.replace(link, "");
  const at = (host: string, port: string | number): Found => ({
    where,
    namespace,
    host,
    port: Number.isNaN(Number(port)) ? port : Number(port),
    readers,
  });
  const rest = text.replace(url, " ");
  return [
    ...[...text.matchAll(url)].map(([, scheme = "", host = "", port]) => at(host, port ?? schemePorts[scheme] ?? 0)),
    ...[...rest.matchAll(srv)].map(([, port = "", host = ""]) => at(host, port)),
    ...[...rest.matchAll(hostPort)]
      .filter(([, host = ""]) => isHost(host))
      .map(([, host = "", port = ""]) => at(host, port)),
    ...[...rest.matchAll(listening)].map(([, port = ""]) => at("", port)),
    ...[...rest.matchAll(portSetting)].map(([, port = ""]) => at("", port)),
  ];
}

export const addressesOf = (objects: readonly Manifest[]): readonly Found[] => textsOf(objects).flatMap(addressesIn);

const own: readonly string[] = ["", "0.0.0.0", "127.0.0.1", "localhost"];

interface ServiceSpec {
  readonly clusterIP?: string;
  readonly selector?: Labels;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[];
}

const behind = (service: Manifest, pods: readonly PodTemplate[]): readonly PodTemplate[] => {
  const { selector } = specOf<ServiceSpec>(service);
  const { namespace = "" } = service.metadata;
  return pods.filter(
    (pod) => pod.namespace === namespace && selector && selects({ matchLabels: selector }, pod.labels),
  );
};

/**
 * Number of the port that a pod listens on under this name or number; undefined where none of its
 * containers declares it.
 */
export const listens = (pod: PodTemplate, port: number | string): number | undefined =>
  containersOf(pod)
    .flatMap(({ ports = [] }) => ports)
    .find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;

/** A connection that a pod makes because it reads an address. */
export interface Edge {
  readonly where: string;
  readonly from: PodTemplate;
  readonly to: PodTemplate;
  readonly port: number;
}

interface Resolution {
  readonly faults: Findings;
  readonly edges: readonly Edge[];
}

/** The pod of a StatefulSet with this DNS name under its governing Service. */
function podNamed(host: string, namespace: string, objects: readonly Manifest[]): PodTemplate | undefined {
  const [, set = "", ordinal = "", under = ""] = /^(.*)-(\d+)\.([^.]+)$/.exec(host) ?? [];
  const found = objects.find(
    ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === set && metadata.namespace === namespace,
  );
  const { replicas = 1, serviceName } = found ? specOf<{ replicas?: number; serviceName?: string }>(found) : {};
  return found && serviceName === under && Number(ordinal) < replicas ? podTemplate(found) : undefined;
}

/**
 * The Service and pods behind every address.
 * @param outside hosts from an environment's settings, which are not part of the bundle
 */
export function resolution(objects: readonly Manifest[], outside: readonly string[] = []): Resolution {
  const pods = podTemplates(objects);
  const services = objects.filter(({ kind }) => kind === "Service");
  const faults: string[] = [];
  const edges: Edge[] = [];
  for (const { where, namespace, host, port, readers } of addressesOf(objects)) {
    if (outside.includes(host)) continue;
    if (own.includes(host)) {
      // Roles that share a file need not all listen on its ports.
      const deaf = readers.every((pod) => listens(pod, port) === undefined) ? readers : [];
      faults.push(...deaf.map(({ id }) => `${where}: ${host}:${port} is no port of ${id}, which reads it`));
      continue;
    }
    const [name, other = namespace, ...suffix] = host.split(".");
    const say = (text: string): void => void faults.push(`${where}: ${host}:${port} ${text}`);
    const pod = podNamed(host, namespace, objects);
    if (pod) {
      const number = listens(pod, port);
      if (number === undefined) say(`leads to ${pod.id}, which has no port ${port}`);
      else edges.push(...readers.map((from) => ({ where, from, to: pod, port: number })));
      continue;
    }
    if (suffix.length > 0) {
      say("is no short name: expected <service> or <service>.<namespace>");
      continue;
    }
    const service = services.find(({ metadata }) => metadata.name === name && metadata.namespace === other);
    if (!service) {
      say("is no Service of this environment");
      continue;
    }
    if (host.includes(".") && other === namespace) say("names its own namespace: expected the Service's name alone");
    const target = (specOf<ServiceSpec>(service).ports ?? []).find((one) => one.port === port || one.name === port);
    if (!target) {
      say(`is no port of ${idOf(service)}`);
      continue;
    }
    for (const to of behind(service, pods)) {
      const number = listens(to, target.targetPort ?? target.port);
      if (number === undefined) say(`leads to ${to.id}, which has no port ${target.targetPort ?? target.port}`);
      else edges.push(...readers.map((from) => ({ where, from, to, port: number })));
    }
  }
  return { faults, edges };
}

/** Services without pods, or with a port that their pods do not have. */
export function serviceFaults(objects: readonly Manifest[]): Findings {
  const pods = podTemplates(objects);
  return objects
    .filter(({ kind }) => kind === "Service")
    .flatMap((service) => {
      const selected = behind(service, pods);
      const { clusterIP, ports = [] } = specOf<ServiceSpec>(service);
      if (selected.length === 0) return [`${idOf(service)} spec.selector selects no pod`];
      if (ports.length === 0) return [`${idOf(service)} spec.ports is empty`];
      return ports.flatMap(({ name, port, targetPort = port }) =>
        selected.flatMap((pod) => {
          const number = listens(pod, targetPort);
          if (number === undefined) return [`${idOf(service)} spec.ports.${name}: ${pod.id} has no port ${targetPort}`];
          // A headless name resolves to the pods, so no port is translated.
          return clusterIP === "None" && number !== port
            ? [`${idOf(service)} spec.ports.${name}: headless, port ${port} is not ${pod.id}'s ${number}`]
            : [];
        }),
      );
    });
}

/**
 * Ports that a pod declares twice, by number or by name: a Service or a probe could mean either.
 */
export const portFaults = (objects: readonly Manifest[]): Findings =>
  objects
    .filter(isWorkload)
    .map(podTemplate)
    .flatMap((pod) => {
      const all = containersOf(pod).flatMap(({ ports = [] }) => ports);
      const twice = (values: readonly (number | string | undefined)[]): (number | string | undefined)[] =>
        values.filter((value, i) => values.indexOf(value) !== i);
      return [...twice(all.map(({ name }) => name)), ...twice(all.map(({ containerPort }) => containerPort))].map(
        (port) => `${pod.id} declares port ${port} twice`,
      );
    });
