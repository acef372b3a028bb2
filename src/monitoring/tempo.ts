import type { Monitoring, Sli } from "../core/model/monitoring.ts";
import { alerts } from "./tempo/alerts.ts";
import { pages } from "./tempo/pages.ts";

/* A distributor counts what it refuses for a limit or as it is not valid, too: that is the sender's to change. */
const refused = "sum by (namespace) (rate(tempo_receiver_refused_spans{@distributor}[$range]))";
const accepted = "sum by (namespace) (rate(tempo_receiver_accepted_spans{@distributor}[$range]))";
const senders =
  'sum by (namespace) (rate(tempo_discarded_spans_total{@distributor, reason=~"rate_limited|invalid_trace_id|invalid_span_id"}[$range]))';

/* "Within SLO" is all that did not fail, as no time is set (modules/frontend/slos.go of 3.0.3). It is not there before the first. */
const asked = "sum by (namespace) (rate(tempo_query_frontend_queries_total{@query-frontend}[$range]))";
const served = "sum by (namespace) (rate(tempo_query_frontend_queries_within_slo_total{@query-frontend}[$range]))";

const slis: readonly Sli[] = [
  {
    signal: "traces",
    way: "writes",
    failed: `clamp_min(${refused} - (${senders} or 0 * ${refused}), 0)`,
    all: `${accepted} + ${refused}`,
    page: "tempo-writes",
  },
  {
    signal: "traces",
    way: "reads",
    failed: `${asked} - (${served} or 0 * ${asked})`,
    all: asked,
    page: "tempo-reads",
  },
];

/** Pages and rules about spans, from their arrival to what is made of them, and about the services that send them. */
export const monitoring: Monitoring = { folder: "Traces", pages, rules: { slis, alerts } };
