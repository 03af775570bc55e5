// Systems of services, for maps of many sizes.

import { put, traceId, type Document } from "./plant";

const hex = (n: number, digits = 16) => n.toString(16).padStart(digits, "0");

/** What a service of a fleet is called: some have short names, some long ones. */
export function serviceName(fleet: string, n: number): string {
  const parts = ["api", "loan-applications", "lending-clients@db.internal.example.com", "mail", "document-archive-of-the-year", "pay"];
  return `${parts[n % parts.length]}-${fleet}${n}`;
}

/**
 * Traces through n services with the annotation fleet: an entry, a tenth of them
 * behind it, a third behind those, and the rest. Some calls fail; some lead back.
 */
export async function plantFleet(url: string, fleet: string, n: number, seconds: number): Promise<void> {
  const documents: Document[] = [];
  const seed = [...fleet].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) % 0xffff;
  const [first, second] = [Math.max(1, Math.floor(n / 10)), Math.max(1, Math.floor(n / 3))];
  for (let i = 1; i < n; i++) {
    const trace_id = traceId(seconds, hex(seed * 0x10000 + i, 24));
    const behind = [0, 1 + (i % first), 1 + first + (i % second)];
    const chain = [...behind.slice(0, i <= first ? 1 : i <= first + second ? 2 : 3), i];
    if (i % 23 === 5 && i > first) chain.push(1 + ((i + 1) % first));
    chain.forEach((service, k) => {
      const base = seed * 0x100000 + i * 100;
      const [start_time, end_time] = [seconds + k * 0.01, seconds + 0.2 - k * 0.01];
      const name = serviceName(fleet, service);
      const fault = i % 11 === 3 && k === chain.length - 1;
      documents.push({
        trace_id,
        id: hex(base + k),
        ...(k ? { parent_id: hex(base + 50 + k - 1) } : {}),
        name,
        start_time,
        end_time,
        ...(fault ? { fault } : {}),
        annotations: { fleet },
        ...(k < chain.length - 1
          ? { subsegments: [{ id: hex(base + 50 + k), name: serviceName(fleet, chain[k + 1]!), namespace: "remote", start_time, end_time, ...(fault ? { fault } : {}) }] }
          : {}),
      });
    });
  }
  await put(url, documents);
}
