// Views that not every run has: each module of one adds it here, and only a page that needs it has the module.

export const pictures = []; // of the swarm as a whole: one of them
export const extraViews = [];
