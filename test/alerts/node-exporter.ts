import type { AlertCases } from "../lib/alerts.ts";

const at = 'job="node-exporter",instance="worker-1",node="worker-1"';
const root = `${at},device="/dev/sda1",fstype="ext4",mountpoint="/"`;
const readonly = `node_filesystem_readonly{${root},device_error=""}`;
const node = { node: "worker-1" };

const size = { [`node_filesystem_size_bytes{${root}}`]: 100e9, [readonly]: 0 };
const files = { [`node_filesystem_files{${root}}`]: 1e6, [readonly]: 0 };
const avail = `node_filesystem_avail_bytes{${root}}`;
const left = `node_filesystem_files_free{${root}}`;
const idle = `node_cpu_seconds_total{${at},cpu="0",mode="idle"}`;

export const cases: AlertCases = {
  NodeFilesystemFillingUp: {
    labels: { ...node, severity: "warning", device: "/dev/sda1" },
    interval: "5m",
    always: size,
    // 100 GB: 14 % are left after six hours, and 0.5 GB less each five minutes.
    fires: { [avail]: "50000000000-1666667/s" },
    silent: { [avail]: 15.5e9 },
  },
  NodeFilesystemFull: [
    {
      labels: { ...node, severity: "critical", device: "/dev/sda1" },
      always: size,
      fires: { [avail]: 2.9e9 },
      silent: { [avail]: 3.1e9 },
    },
    {
      name: "unless it is read-only",
      labels: { ...node, severity: "critical", device: "/dev/sda1" },
      always: { [`node_filesystem_size_bytes{${root}}`]: 100e9 },
      fires: { [avail]: 0, [readonly]: 0 },
      silent: { [avail]: 0, [readonly]: 1 },
    },
  ],
  NodeFilesystemInodesFillingUp: {
    labels: { ...node, severity: "warning", device: "/dev/sda1" },
    interval: "5m",
    always: files,
    fires: { [left]: "500000-16.66667/s" },
    silent: { [left]: 155e3 },
  },
  NodeFilesystemInodesFull: {
    labels: { ...node, severity: "critical", device: "/dev/sda1" },
    always: files,
    fires: { [left]: 29e3 },
    silent: { [left]: 31e3 },
  },
  NodeClockSkewed: {
    labels: { ...node, severity: "warning" },
    fires: { [`node_timex_offset_seconds{${at}}`]: -0.051 },
    silent: { [`node_timex_offset_seconds{${at}}`]: -0.049 },
  },
  NodeClockNotSynchronised: {
    labels: { ...node, severity: "warning" },
    fires: { [`node_timex_sync_status{${at}}`]: 0, [`node_timex_maxerror_seconds{${at}}`]: 16 },
    silent: { [`node_timex_sync_status{${at}}`]: 0, [`node_timex_maxerror_seconds{${at}}`]: 15.9 },
  },
  NodeMemoryHigh: {
    labels: { ...node, severity: "warning" },
    always: { [`node_memory_MemTotal_bytes{${at}}`]: 16e9 },
    fires: { [`node_memory_MemAvailable_bytes{${at}}`]: 1.5e9 },
    silent: { [`node_memory_MemAvailable_bytes{${at}}`]: 1.7e9 },
  },
  NodeMemoryMajorFaults: {
    labels: { ...node, severity: "warning" },
    fires: { [`node_vmstat_pgmajfault{${at}}`]: "510/s" },
    silent: { [`node_vmstat_pgmajfault{${at}}`]: "490/s" },
  },
  NodeLoadHigh: {
    labels: { ...node, severity: "warning" },
    always: { [idle]: "0.1/s", [`node_cpu_seconds_total{${at},cpu="1",mode="idle"}`]: "0.1/s" },
    fires: { [`node_load1{${at}}`]: 4.1 },
    silent: { [`node_load1{${at}}`]: 3.9 },
  },
  NodeCpuBusy: {
    labels: { ...node, severity: "info" },
    fires: { [idle]: "0.09/s" },
    silent: { [idle]: "0.11/s" },
  },
  NodeDiskSaturated: {
    labels: { ...node, severity: "warning", device: "sda" },
    fires: { [`node_disk_io_time_weighted_seconds_total{${at},device="sda"}`]: "10.2/s" },
    silent: { [`node_disk_io_time_weighted_seconds_total{${at},device="sda"}`]: "9.8/s" },
  },
  NodeFileDescriptorsHigh: {
    labels: { ...node, severity: "warning" },
    always: { [`node_filefd_maximum{${at}}`]: 1e6 },
    fires: { [`node_filefd_allocated{${at}}`]: 71e4 },
    silent: { [`node_filefd_allocated{${at}}`]: 69e4 },
  },
  NodeRaidDegraded: {
    labels: { ...node, severity: "critical", device: "md0" },
    always: { [`node_md_disks_required{${at},device="md0"}`]: 2 },
    fires: { [`node_md_disks{${at},device="md0",state="active"}`]: 1 },
    silent: { [`node_md_disks{${at},device="md0",state="active"}`]: 2 },
  },
  NodeRaidDiskFailed: {
    labels: { ...node, severity: "warning", device: "md0" },
    fires: { [`node_md_disks{${at},device="md0",state="failed"}`]: 1 },
    silent: { [`node_md_disks{${at},device="md0",state="failed"}`]: 0 },
  },
};
