import { useId } from 'react';

/** A row of choices of which exactly one is taken, with what the taken one means written below it. */
export function ChoiceGroup<Choice extends string>({
  legend,
  choices,
  names,
  chosen,
  meaning,
  isDisabled = false,
  onChoose,
}: {
  readonly legend: string;
  readonly choices: readonly Choice[];
  readonly names: Readonly<Record<Choice, string>>;
  readonly chosen: Choice;
  readonly meaning?: string;
  readonly isDisabled?: boolean;
  readonly onChoose: (choice: Choice) => void;
}) {
  const group = useId();
  const meaningId = useId();
  return (
    <fieldset
      className="choice-group"
      disabled={isDisabled}
      aria-describedby={meaning ? meaningId : undefined}
    >
      <legend>{legend}</legend>
      <div className="choices">
        {choices.map((choice) => (
          <label key={choice} className="choice">
            <input
              type="radio"
              name={group}
              value={choice}
              checked={choice === chosen}
              onChange={() => onChoose(choice)}
            />
            {names[choice]}
          </label>
        ))}
      </div>
      {meaning && (
        <p className="choice-meaning" id={meaningId}>
          {meaning}
        </p>
      )}
    </fieldset>
  );
}
