import { type Table, tabularSource } from './tabular.ts';

/**
 * Diabetes130 (Strack et al. 2014): hospital stays of diabetics in 130 US hospitals; the class is the
 * main diagnosis, one of the 100 most frequent. A stand-in for Texas100 that is free to use, with
 * patients as natural clients.
 */
export const diabetesTable: Table = {
  id: 'diabetes130',
  title: 'Diabetes130 (hospital stays)',
  naturalClients: 'patient',
  expected: {
    name: 'diabetes130-diag100',
    rows: 88_818,
    features: 1_307,
    classes: 100,
    sums: {
      features: 'ee2aa06f9e28ddfa577746e4b8838c634bb971328c8e1dbc8baed0d6ab28ebe8',
      labels: '46f993413252c0eb10a15a5da9dd7cdf7b2979658c5981ad6fcaa5cd667badec',
    },
    keys: {
      suffix: '.patient-nbr.txt.gz',
      sum: '975b6588ec6031b1aa60e355b25e5c8e53260eb1acf2ad4c8a888e640913302b',
    },
  },
  origin:
    'It is a one-hot form of UCI\'s "Diabetes 130-US hospitals for years 1999-2008" (CC BY 4.0) in the format that docs/data.md describes.',
};

export const diabetes130 = tabularSource(diabetesTable);
