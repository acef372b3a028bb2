import { BlockList, isIP } from "node:net";

/**
 * Whether a program of Go asks this host without a proxy, as golang.org/x/net/http/httpproxy reads NO_PROXY (proxy.go, `useProxy` and
 * `init`): loopback always; addresses by address or CIDR; names by themselves and all that end in them.
 */
export function isDirect(host: string, noProxy: string): boolean {
  if (host === "localhost" || /^(127\.|::1$)/.test(host)) return true;
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  if (entries.includes("*")) return true;
  const family = isIP(host);
  if (family === 0)
    return entries
      .map((entry) => entry.replace(/:\d+$/, "").replace(/^\*\./, "."))
      .some((entry) => entry !== "" && (host.endsWith(entry.startsWith(".") ? entry : `.${entry}`) || host === entry));
  const type = family === 4 ? "ipv4" : "ipv6";
  return entries.some((entry) => {
    const [net = "", prefix] = entry.split("/");
    if (isIP(net) !== family) return false;
    const list = new BlockList();
    // One of all addresses is none to BlockList: two halves are.
    if (prefix === "0") return true;
    if (prefix === undefined) list.addAddress(net, type);
    else list.addSubnet(net, Number(prefix), type);
    return list.check(host, type);
  });
}
