import type { Unit } from "../core/model/component.ts";

/** Parts of the patterns below; https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const dots = `(?=.{1,253}(?:[:,/]|$))${label}(?:\\.${label})*`;
const port = "(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const hosts = `\\.?${dots}(?::${port})?`;
const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

/** What the text of each unit looks like, and how an error says it. */
export const units: Readonly<Record<Unit, { readonly pattern: RegExp; readonly expected: string }>> = {
  account: { pattern: whole("[a-z0-9]{3,24}"), expected: "a storage account of 3 to 24 small letters and digits" },
  address: { pattern: whole(`${dots}:${port}`), expected: 'host and port such as "minio:9000", without a scheme' },
  boolean: { pattern: whole("true|false"), expected: '"true" or "false"' },
  branch: {
    pattern: whole("(?![/.-])(?!.*(?:\\.\\.|//|@\\{|\\.lock$|[/.]$))[\\w./@+#-]{1,244}"),
    expected: "the name of a branch",
  },
  bucket: {
    pattern: whole("(?!.*\\.\\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    expected: 'a bucket of 3 to 63 small letters, digits, "-" and "."',
  },
  commit: { pattern: whole("[0-9a-f]{40}|[0-9a-f]{64}"), expected: "a whole commit id of 40 hexadecimal digits" },
  count: { pattern: whole("[1-9]\\d{0,14}"), expected: 'a whole number such as "3"' },
  duration: { pattern: whole("\\d{1,9}[smhdwy]"), expected: 'a duration such as "720h" or "30d"' },
  endpoint: {
    pattern: whole(`https?://${dots}(?::${port})?`),
    expected: 'a URL without a path such as "https://ceph.example.com:8443"',
  },
  expression: { pattern: whole(".{1,1000}"), expected: 'a regular expression such as "^\\d{4}-"' },
  git: {
    // Flux takes no address of the form that scp has; it is written as ssh:// for it.
    pattern: whole(
      `https?://${dots}(?::${port})?/[\\w./~+-]+|ssh://(?:[\\w.-]+@)?${dots}(?::${port})?/[\\w./~+-]+|[\\w.-]+@${dots}:(?!/)[\\w./~+-]+`,
    ),
    expected:
      'the address of a git repository such as "https://github.com/acme/obs.git" or "ssh://git@github.com/acme/obs.git", without a password',
  },
  host: {
    pattern: whole(`${dots}(?::${port})?`),
    expected: 'a host such as "minio:9000", without a scheme',
  },
  hostname: {
    pattern: whole(dots),
    expected: 'a host such as "grafana.example.com", without a scheme and a port',
  },
  hosts: {
    pattern: whole(`${hosts}(?:,${hosts})*`),
    expected: 'hosts such as "ceph.example.com,.internal.example.com"',
  },
  mechanism: {
    pattern: whole("PLAIN|SCRAM-SHA-256|SCRAM-SHA-512"),
    expected: '"PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512"',
  },
  name: { pattern: whole(dots), expected: 'a name of small letters, digits, "-" and "."' },
  namespace: { pattern: whole(label), expected: "the name of a namespace" },
  partitions: {
    pattern: whole("\\{[a-z0-9-]+: \\[\\d{1,4}(?:, \\d{1,4})*\\](?:, [a-z0-9-]+: \\[\\d{1,4}(?:, \\d{1,4})*\\])*\\}"),
    expected: 'partitions by pod such as "{tempo-block-builder-0: [0, 2], tempo-block-builder-1: [1, 3]}"',
  },
  ratio: { pattern: whole("0\\.\\d{0,9}[1-9]|1"), expected: 'a share above 0, up to 1, such as "0.1"' },
  prefix: {
    pattern: whole("(?:[a-z0-9][a-z0-9-]{0,61})?"),
    expected: `what the buckets' names begin with, such as "acme-prod-"`,
  },
  region: { pattern: whole("[a-z0-9][a-z0-9-]{0,62}"), expected: 'a region such as "eu-central-1"' },
  selector: { pattern: whole("\\{.{1,1000}\\}"), expected: `a selector such as '{app="cart"}'` },
  semver: {
    pattern: whole("[\\dv^~<>=*x][\\w .^~<>=*|,+-]{0,100}"),
    expected: 'a range of versions such as ">=1.2.0 <2.0.0"',
  },
  size: { pattern: whole("[1-9]\\d{0,4}Gi"), expected: 'whole gibibytes such as "10Gi"' },
  // https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION ; Grafana's driver knows these four.
  sslMode: {
    pattern: whole("disable|require|verify-ca|verify-full"),
    expected: '"disable", "require", "verify-ca" or "verify-full"',
  },
  store: { pattern: whole("s3|gcs|azure"), expected: '"s3", "gcs" or "azure"' },
  switch: { pattern: whole("enabled|disabled"), expected: '"enabled" or "disabled"' },
  tag: {
    pattern: whole("(?![/.-])(?!.*(?:\\.\\.|//|@\\{|\\.lock$|[/.]$))[\\w./@+#-]{1,244}"),
    expected: 'a tag such as "v1.2.0"',
  },
  tenant: { pattern: whole("[A-Za-z0-9][\\w.-]{0,149}"), expected: 'a tenant of letters, digits, "-", "_" and "."' },
  url: {
    // Of a Service's SRV record, too, which begins with an underscore.
    pattern: whole(`https?://(?:[\\w.-]{1,253}|\\[[0-9a-fA-F:.]+\\])(?::${port})?(?:/[^\\s"\\\\]*)?`),
    expected: 'a URL such as "http://minio:9000"',
  },
};

/** What an error says was expected, with an example that fits the setting better than the unit's own. */
export const expectedText = (unit: Unit, example?: string): string =>
  example === undefined ? units[unit].expected : units[unit].expected.replace(/"[^"]*"/, () => JSON.stringify(example));
