import { mebibyte } from "../core/kubernetes/requests.ts";

/*
 * How long those on the way of a question wait for its answer, and how large an answer may be
 * between two processes.
 */

/**
 * Seconds. Who works on a question gives up first, and each who waits for an answer does so longer
 * than the one behind, so that whoever asked is told why there is none. An HTTP server that is over
 * its time closes the connection without a word, and that of a Loki or Tempo left to itself does
 * after 30 s. Loki's own chart lets a query work for 300 s (production/helm/loki/values.yaml);
 * Mimir, Prometheus and Thanos give up after 120 s by themselves.
 */
export const patience = { work: 300, server: 310, gateway: 330, grafana: 360, edge: 390 } as const;

export const seconds = (count: number): string => `${count}s`;

/**
 * Bytes. What a client of gRPC takes in dskit; its servers would take 4 MiB, which is less than a
 * query of 5000 long lines answers.
 */
export const largestMessage = 100 * mebibyte;
