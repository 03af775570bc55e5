import { useEffect, useRef } from "react";
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { asked } from "../ahead";
import { endpoint, type Params } from "./endpoint";

export { endpoint, type Params };

/** What the server says when something did not work; see answer.go. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    readonly column = 0,
    readonly length = 0,
  ) {
    super(detail ? `${title}: ${detail}` : title);
  }
}

export async function request<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await (asked(url) ?? fetch(url, init));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("X-Ray Local does not answer", "Is it still running? Start it with: bragg up", 0);
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem("X-Ray Local answered what is no JSON", text.slice(0, 200), response.status);
  }
  if (!response.ok) {
    const p = body as { title?: string; detail?: string; Message?: string; message?: string; column?: number; length?: number };
    throw new Problem(
      p.title ?? `X-Ray Local answered ${response.status}`,
      p.detail ?? p.Message ?? p.message ?? "",
      response.status,
      p.column,
      p.length,
    );
  }
  return body as T;
}

export function send<T>(method: "POST" | "DELETE", url: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  return request<T>(url, init);
}

/**
 * Reads an endpoint. While parameters change, the last data stay (isPlaceholderData
 * tells); when the server fails, too: show error beside data.
 */
export function useApi<T>(
  path: string,
  params: Params = {},
  options: { enabled?: boolean; every?: number | false } = {},
): UseQueryResult<T, Problem> {
  const url = endpoint(path, params);
  const query = useQuery<T, Problem>({
    queryKey: [path, url],
    queryFn: ({ signal }) => request<T>(url, { signal }),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    retry: (count, error) => count < 1 && (error.status === 0 || error.status >= 500),
  });
  // placeholderData is for the time until the answer; after a failure it is gone.
  const last = useRef<{ path: string; data: T } | null>(null);
  useEffect(() => {
    if (query.data !== undefined) last.current = { path, data: query.data };
  }, [path, query.data]);
  if (query.data !== undefined || last.current?.path !== path) return query;
  return { ...query, data: last.current.data } as UseQueryResult<T, Problem>;
}
