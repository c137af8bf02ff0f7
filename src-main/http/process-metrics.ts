import { readdirSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Adds what Prometheus expects of any process, of the main process alone. prom-client's own set is left out: it
 * measures the event loop with a timer of its own, a hundred times a second, whether somebody asks or not.
 */
export function addProcessMetrics(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, since the epoch',
    registers,
  }).set(Math.round(Date.now() / 1000 - process.uptime()));
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Time that processors spent on the process',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_heap_bytes',
    help: 'Memory of the JavaScript heap in use',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  if (process.platform !== 'linux') return;
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors',
    registers,
    collect() {
      // Without the one that reads the list.
      this.set(readdirSync('/proc/self/fd').length - 1);
    },
  });
}
