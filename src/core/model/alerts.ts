/** How grave an alert is, of those that people are told of. */
export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/**
 * Ways to tell people. `webhook`, `slack` and `pagerduty` name the key of the Secret
 * `alertmanager-config` that holds the URL or the key; `email` has the addresses.
 */
export interface Receiver {
  readonly webhook?: string | undefined;
  readonly slack?: string | undefined;
  readonly pagerduty?: string | undefined;
  readonly email?: string | undefined;
}

/** The server that takes mail. */
export interface MailServer {
  /** "smtp.example.com:587". */
  readonly host: string;
  readonly from: string;
  readonly username?: string | undefined;
  /** The key of the Secret with the password. */
  readonly password?: string | undefined;
}

type BySeverity = { readonly [S in Severity]?: Receiver | undefined };

/** Whom an environment tells of its alerts. */
export interface Alerts extends BySeverity {
  /** Is told of `Watchdog` again and again, and raises the alarm when that ends. */
  readonly deadManSwitch?: Receiver | undefined;
  /** Receivers of the alerts of single namespaces. */
  readonly namespaces?: Readonly<Record<string, BySeverity>> | undefined;
  readonly smtp?: MailServer | undefined;
}
