/** An experiment after validation: every default filled in. Units: seconds, bits per second. */
export interface Specification {
  /** Folder under `runs/`. */
  readonly name: string;
  readonly title: string;
  readonly seeds: readonly number[];
  readonly dataset: {
    readonly id: string;
    /** Use only so many training samples, the same ones for every seed; absent: all. */
    readonly limit?: number;
    /** Measure accuracy on only so many test samples; absent: all. */
    readonly testLimit?: number;
  };
  /** `Model.id`. */
  readonly model: string;
  /** A safetensors file that training starts from; absent: random parameters. */
  readonly checkpoint?: {
    /** Absolute, once the specification is loaded. */
    readonly file: string;
    /** Of the file that was found. */
    readonly sha256?: string;
  };
  /** Public training before the federation begins, once per seed; absent: none. */
  readonly pretraining?: {
    /** The experiment's own data set means samples of it that `dataset.limit` leaves out. */
    readonly dataset: string;
    /** Absent: all there are. */
    readonly samples?: number;
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
  };
  readonly federation: {
    readonly clients: number;
    readonly clientsPerRound: number;
    readonly rounds: number;
    readonly localEpochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly partition:
      | { readonly kind: 'iid' }
      | { readonly kind: 'dirichlet'; readonly alpha: number }
      /** As the data set's own clients; members of one of them stay together. */
      | { readonly kind: 'natural' };
    /** μ of FedProx; 0 is plain SGD. */
    readonly proximal: number;
    /** How the server weights clients: by |D^k|, or all alike. */
    readonly weighting: 'samples' | 'uniform';
    /** Probabilities that a client falls out of a round it was drawn for; probes never do. */
    readonly dropout: {
      readonly beforeUpload: number;
      readonly afterUpload: number;
      readonly beforeDecryption: number;
    };
    /** `shared`: defenses that don't change training run on one recorded training. */
    readonly trajectory: 'shared' | 'independent';
  };
  readonly membership: {
    /** Number of victim clients, drawn among those that took part. */
    readonly victims: number;
    /** Members and as many non-members per victim, at most. */
    readonly candidatesPerVictim: number;
    /** Size of the attacker's own data. */
    readonly shadowSamples: number;
  };
  /**
   * Probe clients: `imagesPerClient` images each, `localSteps` steps of training, taking part as one
   * more client of a round. One probe per local set × local steps; rounds are dealt out in turn.
   */
  readonly probes: {
    readonly images: number;
    readonly imagesPerClient: number;
    readonly localSteps: readonly number[];
    readonly rounds: readonly number[];
    /** Not single probes are asked about, but the aggregates of these rounds; absent: probes. */
    readonly of?: 'aggregate';
  };
  readonly defenses: readonly PluginUse[];
  readonly attacks: readonly PluginUse[];
  readonly adversaries: readonly string[];
  /** Absolute paths of modules with defenses or attacks. */
  readonly plugins: readonly string[];
  readonly network: { readonly bitsPerSecond: number };
  readonly limits: { readonly cellSeconds: number };
  /** Further experiments in the same run and report; these have no others. */
  readonly also?: readonly Specification[];
}

/** A defense or attack by id. In a defense, a list of values spans the grid. */
export interface PluginUse {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One point of the grid: what a child process carries out. */
export interface Cell {
  /**
   * First 16 hex digits of the sha256 of everything the cell's federation depends on; the answers of
   * attacks have hashes of their own.
   */
  readonly hash: string;
  /** `maskcrypt(ratio=0.05)`. */
  readonly row: string;
  /** With every parameter filled in; lists of the specification are resolved to one value each. */
  readonly defense: PluginUse;
  readonly seed: number;
}
