import { BlockList, isIP } from "node:net";

/**
 * Whether a Go program connects to this host directly, by the rules of
 * golang.org/x/net/http/httpproxy for NO_PROXY (proxy.go, `useProxy` and `init`): loopback always,
 * addresses by address or CIDR, names with all their subdomains.
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
    // BlockList refuses /0, so it gets the two halves.
    if (prefix === "0") return true;
    if (prefix === undefined) list.addAddress(net, type);
    else list.addSubnet(net, Number(prefix), type);
    return list.check(host, type);
  });
}
