import { mlp } from './mlp.ts';

/** Multinomial logistic regression on MNIST: 7,850 parameters, small enough to search masks in. */
export const logisticMnist = mlp({
  id: 'logistic-mnist',
  title: 'Logistic regression 784-10',
  source: 'The convex model of the federated learning literature (e.g. Li et al. 2020, FedProx)',
  inputShape: [28, 28, 1],
  hidden: [],
  classes: 10,
  activation: 'relu',
});
