package geo

// clouds are the regions of Amazon Web Services, Google Cloud and Microsoft Azure, sorted by name. Their names never clash: a hyphen before
// the number is Amazon's, none before it Google's, no hyphen at all Microsoft's. Sources, of 2026: the providers' lists of regions
// (docs.aws.amazon.com/global-infrastructure, cloud.google.com/compute/docs/regions-zones, learn.microsoft.com/azure/reliability/regions-list),
// which name the city or state of each, as the comments do; the coordinates are of that place, or of the buildings where they are known better.
// Two decimals are a kilometre: a region's buildings lie tens of them apart.
var clouds = [...]Region{
	{"af-south-1", -33.92, 18.42},              // Cape Town
	{"africa-south1", -26.2, 28.05},            // Johannesburg
	{"ap-east-1", 22.32, 114.17},               // Hong Kong
	{"ap-east-2", 25.03, 121.57},               // Taipei
	{"ap-northeast-1", 35.68, 139.69},          // Tokyo
	{"ap-northeast-2", 37.57, 126.98},          // Seoul
	{"ap-northeast-3", 34.69, 135.5},           // Osaka
	{"ap-south-1", 19.08, 72.88},               // Mumbai
	{"ap-south-2", 17.39, 78.49},               // Hyderabad
	{"ap-southeast-1", 1.35, 103.82},           // Singapore
	{"ap-southeast-2", -33.87, 151.21},         // Sydney
	{"ap-southeast-3", -6.21, 106.85},          // Jakarta
	{"ap-southeast-4", -37.81, 144.96},         // Melbourne
	{"ap-southeast-5", 3.14, 101.69},           // Kuala Lumpur
	{"ap-southeast-6", -36.85, 174.76},         // Auckland
	{"ap-southeast-7", 13.76, 100.5},           // Bangkok
	{"asia-east1", 24.05, 120.52},              // Changhua
	{"asia-east2", 22.32, 114.17},              // Hong Kong
	{"asia-northeast1", 35.68, 139.69},         // Tokyo
	{"asia-northeast2", 34.69, 135.5},          // Osaka
	{"asia-northeast3", 37.57, 126.98},         // Seoul
	{"asia-south1", 19.08, 72.88},              // Mumbai
	{"asia-south2", 28.61, 77.21},              // Delhi
	{"asia-southeast1", 1.34, 103.71},          // Jurong West
	{"asia-southeast2", -6.21, 106.85},         // Jakarta
	{"asia-southeast3", 13.76, 100.5},          // Bangkok
	{"australia-southeast1", -33.87, 151.21},   // Sydney
	{"australia-southeast2", -37.81, 144.96},   // Melbourne
	{"australiacentral", -35.31, 149.12},       // Canberra
	{"australiacentral2", -35.31, 149.12},      // Canberra
	{"australiaeast", -33.86, 151.21},          // New South Wales
	{"australiasoutheast", -37.81, 144.96},     // Victoria
	{"austriaeast", 48.21, 16.37},              // Vienna
	{"belgiumcentral", 50.85, 4.35},            // Brussels
	{"brazilsouth", -23.55, -46.63},            // São Paulo
	{"brazilsoutheast", -22.91, -43.17},        // Rio de Janeiro
	{"ca-central-1", 45.5, -73.57},             // Montréal
	{"ca-west-1", 51.05, -114.07},              // Calgary
	{"canadacentral", 43.65, -79.38},           // Toronto
	{"canadaeast", 46.82, -71.22},              // Québec
	{"centralindia", 18.58, 73.92},             // Pune
	{"centralus", 41.59, -93.62},               // Iowa
	{"chilecentral", -33.45, -70.67},           // Santiago
	{"chinaeast", 31.23, 121.47},               // Shanghai
	{"chinaeast2", 31.23, 121.47},              // Shanghai
	{"chinaeast3", 32.06, 118.8},               // Jiangsu
	{"chinanorth", 39.9, 116.41},               // Beijing
	{"chinanorth2", 39.9, 116.41},              // Beijing
	{"chinanorth3", 38.04, 114.51},             // Hebei
	{"cn-north-1", 39.9, 116.41},               // Beijing
	{"cn-northwest-1", 37.51, 105.19},          // Ningxia
	{"denmarkeast", 55.68, 12.57},              // Copenhagen
	{"eastasia", 22.27, 114.19},                // Hong Kong
	{"eastus", 37.37, -79.82},                  // Virginia
	{"eastus2", 36.67, -78.39},                 // Virginia
	{"eu-central-1", 50.11, 8.68},              // Frankfurt
	{"eu-central-2", 47.38, 8.54},              // Zürich
	{"eu-north-1", 59.33, 18.07},               // Stockholm
	{"eu-south-1", 45.46, 9.19},                // Milan
	{"eu-south-2", 41.65, -0.88},               // Aragón
	{"eu-west-1", 53.35, -6.26},                // Dublin
	{"eu-west-2", 51.51, -0.13},                // London
	{"eu-west-3", 48.86, 2.35},                 // Paris
	{"europe-central2", 52.23, 21.01},          // Warsaw
	{"europe-north1", 60.57, 27.2},             // Hamina
	{"europe-north2", 59.33, 18.07},            // Stockholm
	{"europe-southwest1", 40.42, -3.7},         // Madrid
	{"europe-west1", 50.45, 3.82},              // St. Ghislain
	{"europe-west10", 52.52, 13.41},            // Berlin
	{"europe-west12", 45.07, 7.69},             // Turin
	{"europe-west2", 51.51, -0.13},             // London
	{"europe-west3", 50.11, 8.68},              // Frankfurt
	{"europe-west4", 53.44, 6.83},              // Eemshaven
	{"europe-west6", 47.38, 8.54},              // Zürich
	{"europe-west8", 45.46, 9.19},              // Milan
	{"europe-west9", 48.86, 2.35},              // Paris
	{"eusc-de-east-1", 52.41, 12.53},           // Brandenburg
	{"francecentral", 48.86, 2.35},             // Paris
	{"francesouth", 43.3, 5.37},                // Marseille
	{"germanynorth", 52.52, 13.41},             // Berlin
	{"germanywestcentral", 50.11, 8.68},        // Frankfurt
	{"il-central-1", 32.09, 34.78},             // Tel Aviv
	{"indonesiacentral", -6.21, 106.85},        // Jakarta
	{"israelcentral", 32.09, 34.78},            // Tel Aviv
	{"italynorth", 45.46, 9.19},                // Milan
	{"japaneast", 35.68, 139.77},               // Tokyo
	{"japanwest", 34.69, 135.5},                // Osaka
	{"jioindiacentral", 21.15, 79.09},          // Nagpur
	{"jioindiawest", 22.47, 70.06},             // Jamnagar
	{"koreacentral", 37.57, 126.98},            // Seoul
	{"koreasouth", 35.18, 129.08},              // Busan
	{"malaysiawest", 3.14, 101.69},             // Kuala Lumpur
	{"me-central-1", 25.2, 55.27},              // Dubai
	{"me-central1", 25.29, 51.53},              // Doha
	{"me-central2", 26.43, 50.1},               // Dammam
	{"me-south-1", 26.07, 50.56},               // Bahrain
	{"me-west1", 32.09, 34.78},                 // Tel Aviv
	{"mexicocentral", 20.59, -100.39},          // Querétaro
	{"mx-central-1", 20.59, -100.39},           // Querétaro
	{"newzealandnorth", -36.85, 174.76},        // Auckland
	{"northamerica-northeast1", 45.5, -73.57},  // Montréal
	{"northamerica-northeast2", 43.65, -79.38}, // Toronto
	{"northamerica-south1", 20.59, -100.39},    // Querétaro
	{"northcentralus", 41.88, -87.63},          // Illinois
	{"northeurope", 53.35, -6.26},              // Ireland
	{"norwayeast", 59.91, 10.75},               // Oslo
	{"norwaywest", 58.97, 5.73},                // Stavanger
	{"polandcentral", 52.23, 21.01},            // Warsaw
	{"qatarcentral", 25.29, 51.53},             // Doha
	{"sa-east-1", -23.55, -46.63},              // São Paulo
	{"southafricanorth", -26.2, 28.05},         // Johannesburg
	{"southafricawest", -33.92, 18.42},         // Cape Town
	{"southamerica-east1", -23.53, -46.79},     // Osasco
	{"southamerica-west1", -33.45, -70.67},     // Santiago
	{"southcentralus", 29.42, -98.5},           // Texas
	{"southeastasia", 1.28, 103.83},            // Singapore
	{"southindia", 12.98, 80.16},               // Chennai
	{"spaincentral", 40.42, -3.7},              // Madrid
	{"swedencentral", 60.67, 17.14},            // Gävle
	{"swedensouth", 55.6, 13},                  // Malmö
	{"switzerlandnorth", 47.38, 8.54},          // Zürich
	{"switzerlandwest", 46.2, 6.14},            // Geneva
	{"taiwannorth", 25.03, 121.57},             // Taipei
	{"taiwannorthwest", 25.03, 121.57},         // Taipei
	{"uaecentral", 24.47, 54.37},               // Abu Dhabi
	{"uaenorth", 25.2, 55.27},                  // Dubai
	{"uksouth", 51.51, -0.13},                  // London
	{"ukwest", 51.48, -3.18},                   // Cardiff
	{"us-central1", 41.26, -95.86},             // Council Bluffs
	{"us-east-1", 39.04, -77.49},               // Ashburn
	{"us-east-2", 39.96, -83},                  // Columbus
	{"us-east1", 33.2, -80.01},                 // Moncks Corner
	{"us-east4", 39.04, -77.49},                // Ashburn
	{"us-east5", 39.96, -83},                   // Columbus
	{"us-gov-east-1", 39.96, -83},              // Ohio
	{"us-gov-west-1", 45.84, -119.7},           // Oregon
	{"us-south1", 32.78, -96.8},                // Dallas
	{"us-west-1", 37.34, -121.89},              // San Jose
	{"us-west-2", 45.84, -119.7},               // Boardman
	{"us-west1", 45.59, -121.18},               // The Dalles
	{"us-west2", 34.05, -118.24},               // Los Angeles
	{"us-west3", 40.76, -111.89},               // Salt Lake City
	{"us-west4", 36.17, -115.14},               // Las Vegas
	{"usdodcentral", 41.59, -93.62},            // Iowa
	{"usdodeast", 36.67, -78.39},               // Virginia
	{"usgovarizona", 33.45, -112.07},           // Arizona
	{"usgovtexas", 29.42, -98.5},               // Texas
	{"usgovvirginia", 36.67, -78.39},           // Virginia
	{"westcentralus", 41.14, -104.82},          // Wyoming
	{"westeurope", 52.37, 4.9},                 // Netherlands
	{"westindia", 19.09, 72.87},                // Mumbai
	{"westus", 37.78, -122.42},                 // California
	{"westus2", 47.23, -119.85},                // Washington
	{"westus3", 33.45, -112.07},                // Phoenix
}
