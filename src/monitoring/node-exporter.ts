import { clusterLabel } from "../core/derive/queries.ts";
import type { Alert, Monitoring, Panel } from "../core/model/monitoring.ts";

/*
 * Pages and rules about the machines below Kubernetes. What their networks do is no part: the
 * exporter runs in the network of a pod (src/components/node-exporter.ts).
 */

const ofJob = 'job="node-exporter"';
/** Series of every node of the chosen clusters. */
const fleet = `${ofJob}, ${clusterLabel}=~"$cluster"`;
/** Series of the chosen node. */
const one = `${fleet}, node="$node"`;
/** File systems of disks: not what lives in memory, nor what is an image. */
const disks = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|erofs"';

const memoryUsed = (of: string): string =>
  `1 - max by (node) (node_memory_MemAvailable_bytes{${of}}) / max by (node) (node_memory_MemTotal_bytes{${of}})`;
const cpuUsed = (of: string, range: string): string =>
  `1 - avg by (node) (rate(node_cpu_seconds_total{${of}, mode="idle"}[${range}]))`;
const loadPerCore = (of: string): string =>
  `max by (node) (node_load1{${of}}) / count by (node) (node_cpu_seconds_total{${of}, mode="idle"})`;
const diskQueue = (of: string, range: string): string =>
  `max by (node, device) (rate(node_disk_io_time_weighted_seconds_total{${of}}[${range}]))`;
const majorFaults = (of: string, range: string): string =>
  `max by (node) (rate(node_vmstat_pgmajfault{${of}}[${range}]))`;
const descriptors = (of: string): string =>
  `max by (node) (node_filefd_allocated{${of}}) / max by (node) (node_filefd_maximum{${of}})`;
const clockOff = (of: string): string => `max by (node) (abs(node_timex_offset_seconds{${of}}))`;
/** One device may be mounted in several places. What nobody can write to is full for good. */
const free = (of: string, left = "avail_bytes", size = "size_bytes"): string =>
  `min by (node, device) (node_filesystem_${left}{${of}, ${disks}}) / min by (node, device) (node_filesystem_${size}{${of}, ${disks}} > 0) unless on (node, device) node_filesystem_readonly{${of}} == 1`;
const inodesFree = (of: string): string => free(of, "files_free", "files");
const fullIn = (left: string): string =>
  `min by (node, device) (predict_linear(node_filesystem_${left}{${ofJob}, ${disks}}[6h], 86400)) < 0`;
const pressure = (of: string, what: string): string =>
  `max by (node) (rate(node_pressure_${what}_seconds_total{${of}}[$__rate_interval]))`;

const diskFull = "New pods fail to start, pods are evicted, and programs that write to the node's disk stop.";
const whatFills = [
  "See what fills it: `kubectl debug node/<node> -it --image=busybox -- chroot /host df -h`, then `du -xh -d1 /var/lib | sort -h`.",
  "Images without a container: `crictl rmi --prune` on the node. The kubelet does it at 85 % and keeps what runs.",
  "Logs of containers: `containerLogMaxSize` and `containerLogMaxFiles` of the kubelet limit them.",
  "A pod that writes into its own file system or into an `emptyDir`: give it a limit of `ephemeral-storage`.",
];
const drain =
  "Move its pods away, if it cannot be helped at once: `kubectl drain <node> --ignore-daemonsets --delete-emptydir-data`.";

const alerts: readonly Alert[] = [
  {
    alert: "NodeFilesystemFillingUp",
    severity: "warning",
    ask: `(${free(ofJob)}) < 0.15 and on (node, device) ${fullIn("avail_bytes")}`,
    for: "1h",
    summary: "A file system of a node will be full within a day.",
    description:
      "{{ $labels.node }}: {{ $labels.device }} has {{ $value | humanizePercentage }} left and is full within a day at this pace.",
    page: "node",
    look: ["Space left"],
    means:
      "Less than 15 % is left, and the last six hours lead to none within a day. The kubelet removes unused images at 85 %, so what still grows is something else.",
    notice: "Nothing yet.",
    act: [...whatFills, "The line of the page's panel turns, and the alert ends."],
  },
  {
    alert: "NodeFilesystemFull",
    severity: "critical",
    ask: free(ofJob),
    below: 0.03,
    for: "5m",
    summary: "A file system of a node is almost full.",
    description: "{{ $labels.node }}: {{ $labels.device }} has {{ $value | humanizePercentage }} left.",
    page: "node",
    look: ["Space left"],
    means:
      "Less than 3 % is left. Volumes that are folders of the node are on it, too: what the stack has not yet sent to its object store is lost when it cannot be written.",
    notice: diskFull,
    act: [...whatFills, drain, "More than 10 % is left again, and no pod of the node is evicted."],
  },
  {
    alert: "NodeFilesystemInodesFillingUp",
    severity: "warning",
    ask: `(${inodesFree(ofJob)}) < 0.15 and on (node, device) ${fullIn("files_free")}`,
    for: "1h",
    summary: "A file system of a node will have no room for another file within a day.",
    description: "{{ $labels.node }}: {{ $labels.device }} has {{ $value | humanizePercentage }} of its files left.",
    page: "node",
    look: ["Files left"],
    means: "Less than 15 % of the inodes is left, and the last six hours lead to none within a day.",
    notice: "Nothing yet.",
    act: [
      "Find the folder with most files: `du --inodes -xd1 / | sort -n` on the node, then below it.",
      "Often it is a cache, a queue of mails or sessions in a container's own file system. Remove old files.",
      "The number of inodes is fixed when a file system is made: make it anew with more of them, if files must be many.",
    ],
  },
  {
    alert: "NodeFilesystemInodesFull",
    severity: "critical",
    ask: inodesFree(ofJob),
    below: 0.03,
    for: "5m",
    summary: "A file system of a node has almost no room for another file.",
    description: "{{ $labels.node }}: {{ $labels.device }} has {{ $value | humanizePercentage }} of its files left.",
    page: "node",
    look: ["Files left"],
    means: "Less than 3 % of the inodes is left. A write that makes a file fails, however much space there is.",
    notice: diskFull,
    act: [
      "Find the folder with most files: `du --inodes -xd1 / | sort -n` on the node, then below it.",
      "Remove old files, or move the pod that makes them.",
      drain,
    ],
  },
  {
    alert: "NodeClockSkewed",
    severity: "warning",
    ask: clockOff(ofJob),
    above: 0.05,
    for: "10m",
    summary: "The clock of a node is wrong.",
    description: "{{ $labels.node }}: the clock is {{ $value | humanizeDuration }} off.",
    page: "node",
    look: ["Clock"],
    means:
      "The kernel knows that its clock is more than 50 milliseconds off. Spans of one trace get a wrong order, and tokens and certificates may be refused.",
    notice: "Traces with children before their parents; samples and lines refused as too old or too new.",
    act: [
      "Ask the time service on the node: `chronyc tracking`, or `timedatectl timesync-status`.",
      "Look whether the node reaches its time servers: UDP port 123, or the provider's own address.",
      "Restart the service. It corrects large steps at its start only.",
    ],
  },
  {
    alert: "NodeClockNotSynchronised",
    severity: "warning",
    ask: `max by (node) (max_over_time(node_timex_sync_status{${ofJob}}[5m])) == 0 and on (node) node_timex_maxerror_seconds{${ofJob}} >= 16`,
    for: "10m",
    summary: "Nothing sets the clock of a node.",
    description: "{{ $labels.node }}: no time server has set the clock for hours.",
    page: "node",
    look: ["Clock"],
    means:
      "The kernel has not been told the time for so long that it calls itself unsynchronised: its largest error grew to 16 seconds.",
    notice: "Nothing yet. The clock drifts.",
    act: [
      "Look whether a service keeps the time: `timedatectl` on the node.",
      "Install or start chrony, or systemd-timesyncd, and let it reach its servers (UDP port 123).",
    ],
  },
  {
    alert: "NodeMemoryHigh",
    severity: "warning",
    ask: memoryUsed(ofJob),
    above: 0.9,
    for: "15m",
    summary: "A node has little memory left.",
    description: "{{ $labels.node }}: {{ $value | humanizePercentage }} of the memory is in use.",
    page: "node",
    look: ["Memory", "Stalled for memory"],
    means:
      "More than 90 % of the memory is held by programs. The kubelet evicts pods when 100 MiB are left, and the kernel ends processes when none is.",
    notice: "Pods of the node become slow, are evicted or are ended.",
    act: [
      "See who takes it: `kubectl top pod -A --sort-by=memory`, and the page of the namespace.",
      "Pods without a request, or with a limit far above it, are packed too close. Give them requests of what they use.",
      drain,
      "Add a node, if all of them are full.",
    ],
  },
  {
    alert: "NodeMemoryMajorFaults",
    severity: "warning",
    ask: majorFaults(ofJob, "5m"),
    above: 500,
    for: "15m",
    summary: "A node reads its programs from the disk again and again.",
    description: "{{ $labels.node }}: {{ $value | humanize }} pages are read from the disk in a second.",
    page: "node",
    look: ["Pages read from the disk"],
    means:
      "Memory is so short that the kernel drops pages of running programs and reads them again. A disk of the network reads some hundreds in a second at most.",
    notice: "Everything on the node is slow.",
    act: [
      "Look at the panels about memory: it is short even where some of it looks free.",
      "Find the pod that grows: `kubectl top pod -A --sort-by=memory`. Delete or limit it.",
      "Stores that map files into memory (Thanos store, Loki index) need room for them beside their limits.",
    ],
  },
  {
    alert: "NodeLoadHigh",
    severity: "warning",
    ask: loadPerCore(ofJob),
    above: 2,
    for: "15m",
    summary: "Processes of a node wait for CPU or disk.",
    description: "{{ $labels.node }}: the load is {{ $value | humanize }} for each core.",
    page: "node",
    look: ["Load by core", "CPU by what it does"],
    means: "Twice as many processes want to run, or wait for a disk, as the node has cores, for 15 minutes.",
    notice: "Everything on the node is slow, and probes fail by time-out.",
    act: [
      "CPU is busy: see who takes it: `kubectl top pod -A --sort-by=cpu`.",
      "CPU is idle, and processes are blocked: the disk is slow. See the panels about disks.",
      "Pods without a request for CPU come on top of what the scheduler counted. Give them requests.",
      drain,
    ],
  },
  {
    alert: "NodeCpuBusy",
    severity: "info",
    ask: cpuUsed(ofJob, "5m"),
    above: 0.9,
    for: "15m",
    summary: "The CPU of a node is in full use.",
    description: "{{ $labels.node }}: {{ $value | humanizePercentage }} of the CPU is in use.",
    page: "node",
    look: ["CPU by what it does"],
    means:
      "The node has no CPU to spare. That is well where the work is a batch, and it is a hint where latency matters.",
    notice: "Answers are slower than usual, perhaps.",
    act: [
      "See who takes it: `kubectl top pod -A --sort-by=cpu`.",
      "Add nodes, or move work to others, if latencies suffer.",
    ],
  },
  {
    alert: "NodeDiskSaturated",
    severity: "warning",
    ask: diskQueue(ofJob, "5m"),
    above: 10,
    for: "30m",
    summary: "A disk of a node has more to do than it can.",
    description: "{{ $labels.node }}: {{ $labels.device }} has {{ $value | humanize }} requests waiting.",
    page: "node",
    look: ["Requests in the disks' queues", "Time that a disk's request takes"],
    means: "More than ten requests wait for the disk on average, for half an hour.",
    notice: "Writes and queries are slow; ingesters and Kafka answer late.",
    act: [
      "See who writes: `iotop` on the node, or the panel of disk writes on the page of a pod.",
      "Provider's disks have limits of requests and bytes in a second that grow with their size or class: compare the panels with them.",
      "Move one of two pods that write much to another node.",
    ],
  },
  {
    alert: "NodeFileDescriptorsHigh",
    severity: "warning",
    ask: descriptors(ofJob),
    above: 0.7,
    for: "15m",
    summary: "A node can open few more files.",
    description: "{{ $labels.node }}: {{ $value | humanizePercentage }} of all files that the kernel allows are open.",
    page: "node",
    look: ["Open files of the limit"],
    means: "At 100 % nothing on the node can open a file or a connection.",
    notice: "Nothing yet. Then everything on the node fails with `too many open files`.",
    act: [
      "Find the process: `ls /proc/*/fd 2>/dev/null | wc -l` in all, and by process for the largest.",
      "Restart the pod that does not close what it opens, and tell its makers.",
      "Raise `fs.file-max` on the node, if so many are needed.",
    ],
  },
  {
    alert: "NodeRaidDegraded",
    severity: "critical",
    ask: `max by (node, device) (node_md_disks_required{${ofJob}}) - sum by (node, device) (node_md_disks{${ofJob}, state="active"})`,
    above: 0,
    for: "15m",
    summary: "A RAID of a node runs with too few disks.",
    description: "{{ $labels.node }}: {{ $labels.device }} lacks {{ $value | humanize }} disks.",
    page: "node",
    look: ["Disks of RAIDs that failed or are missing"],
    means: "The array has no spare in place of a disk that is gone: the next disk that fails takes the data with it.",
    notice: "Slower reads, perhaps.",
    act: [
      "Look: `cat /proc/mdstat` and `mdadm --detail /dev/<device>` on the node.",
      "Replace the disk, and add it: `mdadm --manage /dev/<device> --add /dev/<disk>`.",
      "The array builds up again for hours: `cat /proc/mdstat` shows how far it is.",
    ],
  },
  {
    alert: "NodeRaidDiskFailed",
    severity: "warning",
    ask: `sum by (node, device) (node_md_disks{${ofJob}, state="failed"})`,
    above: 0,
    for: "2m",
    summary: "A disk of a RAID failed.",
    description: "{{ $labels.node }}: {{ $value | humanize }} disks of {{ $labels.device }} failed.",
    page: "node",
    look: ["Disks of RAIDs that failed or are missing"],
    means: "A disk of the array failed. A spare may have taken its place.",
    notice: "Nothing, while enough disks are left.",
    act: [
      "Look which: `mdadm --detail /dev/<device>` on the node.",
      "Take it out with `mdadm --manage /dev/<device> --remove /dev/<disk>`, replace it, and add the new one.",
    ],
  },
];

const line = (
  title: string,
  shows: string,
  bad: string,
  unit: Panel["unit"],
  ask: Panel["ask"],
  more: Partial<Panel> = {},
): Panel => ({
  title,
  shows,
  bad,
  unit,
  ask,
  ...more,
});

const toNode: Partial<Panel> = { opens: { page: "node", with: { node: "${__field.labels.node}" } } };

export const monitoring: Monitoring = {
  folder: "Kubernetes",
  hidesStart: true,
  pages: [
    {
      uid: "nodes",
      title: "Nodes",
      question: "Which node has too little of something?",
      scope: "cluster",
      rows: [
        {
          title: "In use",
          panels: [
            line(
              "CPU",
              "The share of each node's CPU that works.",
              "Above 0.9 for long: what runs there waits.",
              "percentunit",
              [[cpuUsed(fleet, "$__rate_interval"), "{{node}}"]],
              { max: 1, alert: "NodeCpuBusy", ...toNode },
            ),
            line(
              "Memory",
              "The share of each node's memory that cannot be had.",
              "Above 0.9: pods are evicted soon.",
              "percentunit",
              [[memoryUsed(fleet), "{{node}}"]],
              { max: 1, alert: "NodeMemoryHigh", ...toNode },
            ),
            line(
              "Space left",
              "What is left of each disk's file system.",
              "Below 0.15 the kubelet removes images; at 0 nothing can be written.",
              "percentunit",
              [[free(fleet), "{{node}} {{device}}"]],
              { max: 1, alert: "NodeFilesystemFull", ...toNode },
            ),
            line(
              "Files left",
              "What is left of each file system's room for files.",
              "At 0 no file can be made, whatever space is left.",
              "percentunit",
              [[inodesFree(fleet), "{{node}} {{device}}"]],
              { max: 1, alert: "NodeFilesystemInodesFull", ...toNode },
            ),
            line(
              "Disks that work",
              "The share of time in which a disk had something to do.",
              "At 1 for long, if requests wait, too.",
              "percentunit",
              [
                [
                  `max by (node, device) (rate(node_disk_io_time_seconds_total{${fleet}}[$__rate_interval]))`,
                  "{{node}} {{device}}",
                ],
              ],
              { max: 1, ...toNode },
            ),
            line(
              "Open files of the limit",
              "Files that are open, of those that the kernel allows.",
              "Above 0.7: a process does not close what it opens.",
              "percentunit",
              [[descriptors(fleet), "{{node}}"]],
              { max: 1, alert: "NodeFileDescriptorsHigh", ...toNode },
            ),
          ],
        },
        {
          title: "Waiting",
          panels: [
            line(
              "Load by core",
              "Processes that run, want to, or wait for a disk, for each core.",
              "Above 1 for long: some wait.",
              "short",
              [[loadPerCore(fleet), "{{node}}"]],
              { alert: "NodeLoadHigh", ...toNode },
            ),
            line(
              "Stalled for CPU",
              "The share of time in which some process waited for CPU.",
              "Anything that stays above 0.2.",
              "percentunit",
              [[pressure(fleet, "cpu_waiting"), "{{node}}"]],
              toNode,
            ),
            line(
              "Stalled for memory",
              "The share of time in which some process waited for memory.",
              "Anything that stays above zero.",
              "percentunit",
              [[pressure(fleet, "memory_waiting"), "{{node}}"]],
              toNode,
            ),
            line(
              "Stalled for disks",
              "The share of time in which some process waited for a disk.",
              "Anything that stays above 0.2.",
              "percentunit",
              [[pressure(fleet, "io_waiting"), "{{node}}"]],
              toNode,
            ),
            line(
              "Requests in the disks' queues",
              "Requests that each disk has at a time, on average.",
              "Above ten for half an hour.",
              "short",
              [[diskQueue(fleet, "$__rate_interval"), "{{node}} {{device}}"]],
              { alert: "NodeDiskSaturated", ...toNode },
            ),
            line(
              "Pages read from the disk",
              "Pages of memory that had to be read from a disk, in a second.",
              "Hundreds: memory is short.",
              "ops",
              [[majorFaults(fleet, "$__rate_interval"), "{{node}}"]],
              { alert: "NodeMemoryMajorFaults", ...toNode },
            ),
          ],
        },
        {
          title: "Failing",
          panels: [
            line(
              "Clock",
              "How far each clock is off, as the kernel knows it.",
              "Above 50 milliseconds: spans get a wrong order.",
              "s",
              [[clockOff(fleet), "{{node}}"]],
              { alert: "NodeClockSkewed", ...toNode },
            ),
            line(
              "Processes ended for memory",
              "Processes that the kernel ended because memory or a limit was used up, in a second.",
              "Any.",
              "ops",
              [[`max by (node) (rate(node_vmstat_oom_kill{${fleet}}[$__rate_interval]))`, "{{node}}"]],
              toNode,
            ),
            line(
              "File systems that cannot be read",
              "File systems whose state the exporter cannot ask for.",
              "Any: a disk that fails, or a share that is away.",
              "short",
              [[`sum by (node, device) (node_filesystem_device_error{${fleet}, ${disks}})`, "{{node}} {{device}}"]],
              toNode,
            ),
          ],
        },
        {
          title: "What they are",
          closed: true,
          panels: [
            {
              title: "Running since",
              shows: "When each node started.",
              bad: "A start that nobody planned.",
              kind: "table",
              unit: "dateTimeAsIso",
              width: 12,
              ask: [[`max by (node) (node_boot_time_seconds{${fleet}}) * 1000`, "{{node}}"]],
            },
            {
              title: "Kernels",
              shows: "Nodes by kernel and by kind of processor.",
              bad: "An old kernel among new ones: an update that did not get there.",
              kind: "table",
              unit: "short",
              width: 12,
              ask: [[`count by (release, machine) (node_uname_info{${fleet}})`, "{{release}}"]],
            },
          ],
        },
      ],
    },
    {
      uid: "node",
      title: "Node",
      question: "What does this node lack: CPU, memory, disk?",
      scope: "cluster",
      variables: [
        {
          name: "node",
          label: "Node",
          values: { of: `node_uname_info{${fleet}}`, label: "node" },
          single: true,
        },
      ],
      rows: [
        {
          title: "CPU",
          panels: [
            line(
              "CPU by what it does",
              "Cores in use, by what they do.",
              "All of them in use, or many that wait for a disk (iowait) or for the host (steal).",
              "cores",
              [[`sum by (mode) (rate(node_cpu_seconds_total{${one}, mode!="idle"}[$__rate_interval]))`, "{{mode}}"]],
              { kind: "stacked" },
            ),
            line(
              "Load by core",
              "Processes that run, want to, or wait for a disk, for each core.",
              "Above 1 for long: some wait.",
              "short",
              [[loadPerCore(one), "{{node}}"]],
              { alert: "NodeLoadHigh" },
            ),
            line(
              "Stalled for CPU",
              "The share of time in which some process waited for CPU.",
              "Anything that stays above 0.2.",
              "percentunit",
              [[pressure(one, "cpu_waiting"), "{{node}}"]],
            ),
          ],
        },
        {
          title: "Memory",
          panels: [
            line("Memory", "What the memory is used for.", "Nothing left but what programs hold.", "bytes", [
              [`max by (node) (node_memory_MemTotal_bytes{${one}} - node_memory_MemAvailable_bytes{${one}})`, "held"],
              [`max by (node) (node_memory_Cached_bytes{${one}} + node_memory_Buffers_bytes{${one}})`, "files"],
              [`max by (node) (node_memory_MemTotal_bytes{${one}})`, "in all"],
            ]),
            line(
              "Stalled for memory",
              "The share of time in which some process, or every one, waited for memory.",
              "Anything that stays above zero.",
              "percentunit",
              [
                [pressure(one, "memory_waiting"), "some"],
                [pressure(one, "memory_stalled"), "all"],
              ],
            ),
            line(
              "Pages read from the disk",
              "Pages of memory that had to be read from a disk, in a second.",
              "Hundreds: memory is short.",
              "ops",
              [[majorFaults(one, "$__rate_interval"), "{{node}}"]],
              { alert: "NodeMemoryMajorFaults" },
            ),
            line(
              "Processes ended for memory",
              "Processes that the kernel ended because memory or a limit was used up, in a second.",
              "Any.",
              "ops",
              [[`max by (node) (rate(node_vmstat_oom_kill{${one}}[$__rate_interval]))`, "{{node}}"]],
            ),
            line(
              "Swapped",
              "Bytes of the swap that are in use.",
              "Any where the kubelet has no swap for pods.",
              "bytes",
              [
                [
                  `max by (node) (node_memory_SwapTotal_bytes{${one}} - node_memory_SwapFree_bytes{${one}})`,
                  "{{node}}",
                ],
              ],
            ),
          ],
        },
        {
          title: "Disks",
          panels: [
            line(
              "Disks that work",
              "The share of time in which a disk had something to do.",
              "At 1 for long, if requests wait, too.",
              "percentunit",
              [[`max by (device) (rate(node_disk_io_time_seconds_total{${one}}[$__rate_interval]))`, "{{device}}"]],
              { max: 1 },
            ),
            line(
              "Requests in the disks' queues",
              "Requests that each disk has at a time, on average.",
              "Above ten for half an hour.",
              "short",
              [[diskQueue(one, "$__rate_interval"), "{{device}}"]],
              { alert: "NodeDiskSaturated" },
            ),
            line(
              "Time that a disk's request takes",
              "How long a read and a write take on average.",
              "Above 10 milliseconds for a disk without moving parts.",
              "s",
              [
                [
                  `sum by (device) (rate(node_disk_read_time_seconds_total{${one}}[$__rate_interval])) / sum by (device) (rate(node_disk_reads_completed_total{${one}}[$__rate_interval]))`,
                  "{{device}} read",
                ],
                [
                  `sum by (device) (rate(node_disk_write_time_seconds_total{${one}}[$__rate_interval])) / sum by (device) (rate(node_disk_writes_completed_total{${one}}[$__rate_interval]))`,
                  "{{device}} write",
                ],
              ],
            ),
            line(
              "Bytes read and written",
              "Bytes that each disk reads and writes in a second.",
              "A flat line at the top: the limit of the disk.",
              "Bps",
              [
                [`sum by (device) (rate(node_disk_read_bytes_total{${one}}[$__rate_interval]))`, "{{device}} read"],
                [`sum by (device) (rate(node_disk_written_bytes_total{${one}}[$__rate_interval]))`, "{{device}} write"],
              ],
            ),
            line(
              "Stalled for disks",
              "The share of time in which some process, or every one, waited for a disk.",
              "Anything that stays above 0.2.",
              "percentunit",
              [
                [pressure(one, "io_waiting"), "some"],
                [pressure(one, "io_stalled"), "all"],
              ],
            ),
          ],
        },
        {
          title: "File systems",
          panels: [
            line(
              "Space left",
              "What is left of each disk's file system.",
              "Below 0.15 the kubelet removes images; at 0 nothing can be written.",
              "percentunit",
              [[free(one), "{{device}}"]],
              { max: 1, alert: "NodeFilesystemFull" },
            ),
            line(
              "Files left",
              "What is left of each file system's room for files.",
              "At 0 no file can be made, whatever space is left.",
              "percentunit",
              [[inodesFree(one), "{{device}}"]],
              { max: 1, alert: "NodeFilesystemInodesFull" },
            ),
            line(
              "File systems that cannot be read",
              "File systems whose state the exporter cannot ask for, and those that became read-only.",
              "Any: a disk that fails.",
              "short",
              [
                [`sum by (device) (node_filesystem_device_error{${one}, ${disks}})`, "{{device}} error"],
                [`sum by (device) (node_filesystem_readonly{${one}, ${disks}})`, "{{device}} read-only"],
              ],
            ),
          ],
        },
        {
          title: "Clock, files and RAID",
          closed: true,
          panels: [
            line(
              "Clock",
              "How far the clock is off, as the kernel knows it, and by how much it may be.",
              "Above 50 milliseconds; a possible error that grows: nothing sets the clock.",
              "s",
              [
                [clockOff(one), "off by"],
                [`max by (node) (node_timex_maxerror_seconds{${one}})`, "off by at most"],
              ],
              { alert: "NodeClockSkewed" },
            ),
            line(
              "Open files of the limit",
              "Files that are open, of those that the kernel allows.",
              "Above 0.7: a process does not close what it opens.",
              "percentunit",
              [[descriptors(one), "{{node}}"]],
              { max: 1, alert: "NodeFileDescriptorsHigh" },
            ),
            line(
              "Disks of RAIDs that failed or are missing",
              "Disks that an array needs and does not have. Empty without a software RAID.",
              "Any.",
              "short",
              [
                [`sum by (device) (node_md_disks{${one}, state="failed"})`, "{{device}} failed"],
                [
                  `max by (device) (node_md_disks_required{${one}}) - sum by (device) (node_md_disks{${one}, state="active"})`,
                  "{{device}} missing",
                ],
              ],
            ),
          ],
        },
      ],
    },
  ],
  rules: { alerts },
};
