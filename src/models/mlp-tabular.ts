import { mlp } from './mlp.ts';

const tabular = {
  source: 'MaskCrypt (TDSC 2024) §6.1; Nasr et al. 2019, "Comprehensive Privacy Analysis" §V',
  hidden: [1024, 512, 256, 128],
  activation: 'tanh',
} as const;

/** For Purchase100. 1,317,348 parameters. */
export const mlpPurchase = mlp({
  ...tabular,
  id: 'mlp-purchase',
  title: 'MLP 600-1024-512-256-128-100 (tanh)',
  inputShape: [600],
  classes: 100,
});

/** For Texas100, whose files have 6,169 feature columns. 7,020,004 parameters. */
export const mlpTexas = mlp({
  ...tabular,
  id: 'mlp-texas',
  title: 'MLP 6169-1024-512-256-128-100 (tanh)',
  inputShape: [6169],
  classes: 100,
});

/** For Location30. 1,150,622 parameters. */
export const mlpLocation = mlp({
  ...tabular,
  id: 'mlp-location',
  title: 'MLP 446-1024-512-256-128-30 (tanh)',
  inputShape: [446],
  classes: 30,
});

/** For Diabetes130. 2,041,316 parameters. */
export const mlpDiabetes = mlp({
  ...tabular,
  id: 'mlp-diabetes',
  title: 'MLP 1307-1024-512-256-128-100 (tanh)',
  inputShape: [1307],
  classes: 100,
});
