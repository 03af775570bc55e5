export default function TraceMap({ id }: { id: string }) {
  return <p className="loading">{id}</p>;
}
