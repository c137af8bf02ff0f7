/** Why something was asked for, in the words of whoever asked, and where that came from; rows of a `<dl>`. */
export function RequestFacts({
  reason,
  origin,
}: {
  readonly reason: string | null | undefined;
  readonly origin: string;
}) {
  return (
    <>
      {reason != null && (
        <>
          <dt>Reason</dt>
          <dd className="quoted">
            <q>{reason}</q>
          </dd>
        </>
      )}
      <dt>From</dt>
      <dd className="quoted">{origin}</dd>
    </>
  );
}
