import { mlp } from './mlp.ts';

/** FedML-HE's smallest network: 784-100-10 with ReLU. 79,510 parameters. */
export const mlp2fc = mlp({
  id: 'mlp-2fc',
  title: 'MLP 784-100-10 (ReLU)',
  source: 'FedML-HE (2023) Table 4, "MLP (2 FC)"',
  inputShape: [28, 28, 1],
  hidden: [100],
  classes: 10,
  activation: 'relu',
});
